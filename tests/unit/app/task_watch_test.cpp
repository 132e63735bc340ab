// Following a task over a host that goes away for a while.
#include "app/task_watch.h"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <thread>

namespace tasker::app {
namespace {

using boost::asio::ip::tcp;

// Answers each request, on a connection of its own, with the next task state; "" ends the connection without a word.
class AnsweringServer {
 public:
  explicit AnsweringServer(std::vector<std::string> states) : states_(std::move(states)), thread_([this] { run(); }) {}
  ~AnsweringServer() {
    for (tcp::socket visitor(io_); !done_; visitor = tcp::socket(io_)) {
      boost::system::error_code failed;
      visitor.connect(acceptor_.local_endpoint(), failed);
    }
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void run() {
    for (const std::string& state : states_) {
      auto client = acceptor_.accept();
      std::string request;
      boost::system::error_code failed;
      boost::asio::read_until(client, boost::asio::dynamic_buffer(request), "\r\n\r\n", failed);
      if (failed || state.empty()) continue;
      const std::string body = R"({"task": {"task_id": 42, "name": "order", "namespace": "default", "version": "1.0.0", "status": ")" +
                               state + R"(", "detail": ")" + state + R"("}})";
      boost::asio::write(client, boost::asio::buffer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                                     std::to_string(body.size()) + "\r\n\r\n" + body), failed);
    }
    done_ = true;
  }

  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  const std::vector<std::string> states_;
  std::atomic<bool> done_{false};
  std::thread thread_;
};

ExitCode watch(const AnsweringServer& server) {
  ApiClient client(server.url());
  Interrupt interrupt;
  return watch_task(client, 42, interrupt, {}, OutputFormat::table);
}

TEST(TaskWatch, BearsAHostThatCannotBeReachedForAWhile) {
  EXPECT_EQ(watch(AnsweringServer({"in_progress", "", "", "complete"})), ExitCode::ok);
  EXPECT_EQ(watch(AnsweringServer({"in_progress", "", "error"})), ExitCode::task_failed);
}

TEST(TaskWatch, SaysAtOnceThatNobodyIsThereAtTheStart) {
  EXPECT_EQ(watch(AnsweringServer({"", "complete"})), ExitCode::unreachable);
}

}  // namespace
}  // namespace tasker::app
