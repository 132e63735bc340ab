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

ApartCall::ApartCall(std::function<void()> call, std::function<void()> done) : state_(std::make_shared<State>()) {
  thread_ = std::thread([state = state_, call = std::move(call), done = std::move(done)]() mutable {
    call();
    call = nullptr;  // what it holds of the plugin goes before anybody is told
    {
      const std::lock_guard lock(state->mutex);
      state->has_ended = true;
      state->ended.notify_all();
    }
    done();
  });
  pthread_setname_np(thread_.native_handle(), "plugin-call");
}

ApartCall::~ApartCall() {
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

}  // namespace tasker::plugin
