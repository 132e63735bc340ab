// Waits for a reply: hands out a Reply<T> and blocks until it was called, with a deadline. [any] thread.
#pragma once

#include <chrono>
#include <future>
#include <memory>

#include "engine/ports.h"

namespace tasker::test {

template <class T>
class Awaited {
 public:
  engine::Reply<T> reply() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }

  bool is_there() const { return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

  Result<T> get(std::chrono::seconds deadline = std::chrono::seconds(60)) {
    if (future_.wait_for(deadline) != std::future_status::ready) {
      return make_error(Code::timed_out, "the store did not reply");
    }
    return future_.get();
  }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
  std::future<Result<T>> future_ = promise_->get_future();
};

// await<HostId>([&](auto reply) { store.register_host(info, reply); })
template <class T, class Call>
Result<T> await(Call call) {
  Awaited<T> awaited;
  call(awaited.reply());
  return awaited.get();
}

}  // namespace tasker::test
