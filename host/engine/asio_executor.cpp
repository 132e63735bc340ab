#include "engine/asio_executor.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <map>

namespace tasker::engine {

namespace asio = boost::asio;

// On the strand, except for the strand itself.
struct AsioExecutor::State : std::enable_shared_from_this<State> {
  explicit State(asio::any_io_executor io) : strand(asio::make_strand(io)), timer(strand) {}

  void add(SteadyTime when, std::function<void()> work) {
    if (stopped) return;
    const bool earliest = calls.empty() || when < calls.begin()->first;
    calls.emplace(when, std::move(work));
    if (earliest) arm();
  }

  void arm() {
    if (calls.empty()) return;
    timer.expires_at(calls.begin()->first);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->run_due();
    });
  }

  void run_due() {
    const SteadyTime now = std::chrono::steady_clock::now();
    while (!calls.empty() && calls.begin()->first <= now) {
      auto work = std::move(calls.begin()->second);
      calls.erase(calls.begin());
      work();
    }
    arm();
  }

  asio::strand<asio::any_io_executor> strand;
  asio::steady_timer timer;
  std::multimap<SteadyTime, std::function<void()>> calls;
  bool stopped = false;
};

AsioExecutor::AsioExecutor(asio::any_io_executor io) : state_(std::make_shared<State>(std::move(io))) {}

AsioExecutor::~AsioExecutor() = default;

void AsioExecutor::post(std::function<void()> work) { asio::post(state_->strand, std::move(work)); }

void AsioExecutor::call_at(SteadyTime when, std::function<void()> work) {
  asio::post(state_->strand, [state = state_, when, work = std::move(work)]() mutable {
    state->add(when, std::move(work));
  });
}

void AsioExecutor::stop() {
  asio::post(state_->strand, [state = state_] {
    state->stopped = true;
    state->calls.clear();
    state->timer.cancel();
  });
}

}  // namespace tasker::engine
