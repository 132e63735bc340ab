// The threads that run Asio: sockets, timers and the engine's strand. They never block. An exception that reaches one
// is a broken invariant and is told to the owner.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace tasker::app {

class IoThreads {
 public:
  IoThreads(int threads, std::function<void(std::string)> on_exception);
  ~IoThreads();  // stops

  boost::asio::io_context& context();
  void stop();  // drops what is not done; waits for the threads. May be called twice, not from a thread of its own

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tasker::app
