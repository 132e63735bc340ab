#include "app/io_threads.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

namespace tasker::app {

class IoThreads::Impl {
 public:
  Impl(int threads, std::function<void(std::string)> on_exception)
      : context_(threads), work_(context_.get_executor()) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([this, on_exception] {
        try {
          context_.run();
        } catch (const std::exception& exception) {
          on_exception(exception.what());
        }
      });
  }
  ~Impl() { stop(); }

  void stop() {
    work_.reset();
    context_.stop();
    for (auto& thread : threads_)
      if (thread.joinable()) thread.join();
  }

  boost::asio::io_context context_;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

IoThreads::IoThreads(int threads, std::function<void(std::string)> on_exception)
    : impl_(std::make_unique<Impl>(threads, std::move(on_exception))) {}
IoThreads::~IoThreads() = default;
boost::asio::io_context& IoThreads::context() { return impl_->context_; }
void IoThreads::stop() { impl_->stop(); }

}  // namespace tasker::app
