// One client connection: a coroutine that reads a request, waits for its answer, writes it, and goes on with
// the next one, under a watchdog that ends every wait. Internal to the server. Everything runs on the
// connection's strand but where marked; owned by its own coroutine. Not a place for routes: it knows a
// Handler.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include "http/server.h"
#include "http/stats.h"

namespace tasker::http {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Strand>;

// What the connections of one server share.
struct SessionContext {
  ServerLimits limits;
  Handler handler;
  std::atomic<std::size_t> body_bytes{0};  // of the requests that are being read or answered
  bool access_log = false;
  HttpStats stats;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Ended = std::function<void(const std::shared_ptr<Session>&)>;

  Session(Socket socket, std::shared_ptr<SessionContext> context);

  void start(Ended ended);  // [any] once; `ended` is called once, on the strand
  void finish_soon();       // [any] ends at once if idle, else after the answer that is due
  void abort();             // [any] ends now

 private:
  class Conversation;  // the coroutine: session.cpp

  void watch();
  void allow(std::chrono::milliseconds time);
  void close();

  const std::shared_ptr<SessionContext> context_;
  Socket socket_;
  Timer watchdog_;
  Timer reply_;  // stands still: cancelled when the answer is there
  std::chrono::steady_clock::time_point deadline_;
  std::optional<Response> response_;
  std::uint64_t request_number_ = 0;  // a late answer to an earlier request must not answer this one
  bool idle_ = true;
  bool timed_out_ = false;
  bool finishing_ = false;
  bool closed_ = false;
};

}  // namespace tasker::http
