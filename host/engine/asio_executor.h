// The engine's strand on an Asio io_context, and its timers as one heap behind one Asio timer. Owned by app.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "engine/executor.h"

namespace tasker::engine {

class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(boost::asio::any_io_executor io);
  ~AsioExecutor() override;

  void post(std::function<void()> work) override;
  void call_at(SteadyTime when, std::function<void()> work) override;
  SteadyTime now() const override { return std::chrono::steady_clock::now(); }
  void stop();  // [any] forgets all timers, so that the io_context can run out of work

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tasker::engine
