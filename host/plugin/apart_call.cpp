#include "plugin/apart_call.h"

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace tasker::plugin {

struct ApartCall::State {
  std::mutex mutex;
  std::condition_variable_any ended;
  bool has_ended = false;  // guarded by mutex
};

ApartCall::ApartCall() : state_(std::make_shared<State>()) {}

Result<std::unique_ptr<ApartCall>> ApartCall::start(std::function<void()> call, std::function<void()> done) {
  std::unique_ptr<ApartCall> made(new ApartCall);
  try {
    made->thread_ = std::thread([state = made->state_, call = std::move(call), done = std::move(done)]() mutable {
      call();
      call = nullptr;  // what it holds of the plugin goes before anybody is told
      {
        const std::lock_guard lock(state->mutex);
        state->has_ended = true;
        state->ended.notify_all();
      }
      done();
    });
  } catch (const std::system_error& failure) {
    return no_thread_error(failure);
  }
  pthread_setname_np(made->thread_.native_handle(), "plugin-call");
  return made;
}

ApartCall::~ApartCall() {
  if (!thread_.joinable()) return;  // it was never started
  if (wait_until({})) {
    thread_.join();
  } else {
    thread_.detach();
    note_left_call();
  }
}

bool ApartCall::wait_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
  std::unique_lock lock(state_->mutex);
  return state_->ended.wait_until(lock, stop, deadline, [this] { return state_->has_ended; });
}

namespace {
std::atomic<bool> g_has_left_calls{false};
}

bool has_left_calls() { return g_has_left_calls; }
void note_left_call() { g_has_left_calls = true; }

Error no_thread_error(const std::system_error& failure) {
  return make_error(Code::no_thread, std::string("no thread could be started (") + failure.code().message() + ")", Retry::later);
}

}  // namespace tasker::plugin
