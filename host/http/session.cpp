#include "http/session.h"

#include <array>

#include <spdlog/fmt/fmt.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/log.h"
#include "base/timestamp.h"
#include "http/prefer.h"
#include "http/problem.h"

namespace tasker::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Parser = beast::http::request_parser<beast::http::string_body>;
template <class T>
using Awaitable = asio::awaitable<T, Strand>;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Strand>> kToken;
constexpr std::size_t kReadBytes = 8 * 1024;
constexpr std::size_t kReadBodyBytes = 128 * 1024;
constexpr std::size_t kMaxDrainedBytes = 64 * 1024 * 1024;
constexpr std::chrono::milliseconds kDrainTime{2000};

// What one request's body takes of the bytes that all may take together.
class BodyBudget {
 public:
  explicit BodyBudget(SessionContext& context) : context_(context) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;
  ~BodyBudget() { release(); }

  void release() { context_.body_bytes -= std::exchange(taken_, 0); }

  bool grow_to(std::size_t bytes) {
    if (bytes <= taken_) return true;
    const std::size_t total = context_.body_bytes += bytes - taken_;
    taken_ = bytes;
    return total <= context_.limits.body_bytes_in_flight;
  }

 private:
  SessionContext& context_;
  std::size_t taken_ = 0;
};

Response refuse_parse(const error_code& error, const ServerLimits& limits) {
  using Fault = beast::http::error;
  if (error == Fault::header_limit || error == Fault::buffer_overflow) {
    return problem(
        make_error(Code::http_header_too_large,
                   fmt::format("The request's header is larger than {} bytes.", limits.header_bytes)));
  }
  if (error == Fault::body_limit) {
    return problem(
        make_error(Code::too_large, fmt::format("The request's body is larger than {} bytes. Send less at "
                                                "a time.",
                                                limits.body_bytes)));
  }
  return problem(
      make_error(Code::http_bad_request, "The request is not good HTTP: " + error.message() + "."));
}

Request take_request(Parser& parser) {
  using beast::http::field;
  auto& message = parser.get();
  const auto header = [&](beast::string_view value) { return std::string(value.data(), value.size()); };
  Request request;
  request.method = header(message.method_string());
  request.target = header(message.target());
  request.content_type = header(message[field::content_type]);
  request.correlation_id = header(message["X-Correlation-ID"]);
  request.host = header(message[field::host]);
  request.origin = header(message[field::origin]);
  request.if_none_match = header(message[field::if_none_match]);
  request.prefer = header(message["Prefer"]);
  if (const auto key = message.find("Idempotency-Key"); key != message.end()) request.idempotency_key = header(key->value());
  request.traceparent = header(message["traceparent"]);
  request.body = std::move(message.body());
  return request;
}

// For the log: no line of it can be forged by an address.
std::string printable(std::string_view target) {
  std::string out(target.substr(0, 300));
  for (char& c : out) {
    if (c <= ' ' || c >= 0x7F) c = '?';
  }
  return out;
}

std::string head_of(const Response& response, bool keep, bool old_client) {
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: tasker\r\nDate: {}\r\nX-Content-Type-Options: nosniff\r\n", response.status,
      status_words(response.status), http_date(std::chrono::system_clock::now()));
  if (response.status != 304) {
    head += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n", response.content_type,
                        response.body.size());
  }
  for (const auto& [name, value] : response.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!keep)
    head += "Connection: close\r\n";
  else if (old_client)
    head += "Connection: keep-alive\r\n";
  return head + "\r\n";
}

}  // namespace

Session::Session(Socket socket, std::shared_ptr<SessionContext> context)
    : context_(std::move(context)),
      socket_(std::move(socket)),
      watchdog_(socket_.get_executor()),
      reply_(socket_.get_executor(), Clock::time_point::max()),
      deadline_(Clock::now() + context_->limits.idle) {}

// One request after the other. A co_await stands alone or behind `=` here: gcc 12 miscompiles it as the
// condition of a loop. References to the session are good throughout: the spawned coroutine owns it.
class Session::Conversation {
 public:
  explicit Conversation(Session& session) : s_(session), limits_(session.context_->limits) {}

  Awaitable<void> run() {
    bool more = true;
    while (more) more = co_await exchange();
  }

 private:
  // Receives one request and answers it; false when the connection is to end.
  Awaitable<bool> exchange() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    BodyBudget budget(*s_.context_);
    refusal_.reset();
    const bool received = co_await receive(parser, budget);
    if (!received) co_return false;
    s_.idle_ = false;
    const bool old_client = parser.is_header_done() && parser.get().version() < 11;
    const bool head_only = parser.is_header_done() && parser.get().method() == beast::http::verb::head;
    bool keep = false;
    account_ = {};
    account_.began = Clock::now();
    if (!refusal_) {
      const bool wanted = parser.get().keep_alive();
      Request request = take_request(parser);
      if (s_.context_->access_log) account_.request = request.method + " " + printable(request.target);
      account_.waits = read_preferences(request.prefer).wait;
      const bool answered = co_await answer(std::move(request));
      keep = wanted && answered;
      if (s_.closed_) co_return false;
    }
    keep = keep && !s_.finishing_;
    std::string().swap(parser.get().body());
    budget.release();
    const Response response = std::move(refusal_ ? *refusal_ : *s_.response_);
    const bool sent = co_await send(response, head_only, keep, old_client);
    note(response, sent);
    if (sent && !keep) co_await part();
    co_return sent&& keep;
  }

  // True when there is something to answer: a request in the parser, or a refusal.
  Awaitable<bool> receive(Parser& parser, BodyBudget& budget) {
    if (buffer_.size() == 0) {
      if (s_.finishing_) co_return false;
      s_.idle_ = true;
      s_.allow(limits_.idle);
      const bool began = co_await read_some(kReadBytes);
      if (!began) co_return false;
    }
    s_.idle_ = false;
    s_.allow(limits_.request);
    while (!parser.is_header_done()) {
      const bool going = co_await advance(parser, kReadBytes);
      if (!going) co_return refusal_.has_value();
    }
    if (!parser.is_done() && beast::iequals(parser.get()[beast::http::field::expect], "100-continue")) {
      const bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
      if (!written) co_return false;
    }
    while (!parser.is_done()) {
      const bool going = co_await advance(parser, kReadBodyBytes);
      if (!going) co_return refusal_.has_value();
      if (!budget.grow_to(parser.get().body().size())) {
        refusal_ =
            problem(make_error(Code::overloaded, "Too many large requests at once. Try again in a moment."));
        break;
      }
    }
    co_return true;
  }

  // Feeds the parser with what is there, else with what comes. False at a fault, a timeout or the end.
  Awaitable<bool> advance(Parser& parser, std::size_t bytes) {
    if (buffer_.size() > 0) {
      error_code error;
      const std::size_t used = parser.put(buffer_.data(), error);
      buffer_.consume(used);
      if (error && error != beast::http::error::need_more) {
        refusal_ = refuse_parse(error, limits_);
        co_return false;
      }
      if (!error && (used > 0 || parser.is_done())) co_return true;
    }
    const bool arrived = co_await read_some(bytes);
    if (arrived) co_return true;
    if (s_.timed_out_ && !s_.closed_) {
      refusal_ = problem(
          make_error(Code::http_request_timeout,
                     fmt::format("The request did not arrive whole within {} ms.", limits_.request.count())));
    }
    co_return false;
  }

  Awaitable<bool> read_some(std::size_t bytes) {
    const auto space = buffer_.prepare(bytes);
    const auto [error, count] = co_await s_.socket_.async_read_some(space, kToken);
    buffer_.commit(count);
    co_return !error && !s_.timed_out_ && !s_.closed_;
  }

  // Leaves the answer in response_. False when it took too long: then nothing more can follow on this
  // connection.
  Awaitable<bool> answer(Request request) {
    s_.allow(limits_.request + account_.waits);
    s_.response_.reset();
    const std::uint64_t number = ++s_.request_number_;
    hand_over(std::move(request), number);
    if (!s_.response_) co_await s_.reply_.async_wait(kToken);
    if (s_.response_) co_return true;
    ++s_.request_number_;
    s_.response_ = problem(make_error(
        Code::timed_out, fmt::format("No answer within {} ms. What was asked may still be done: look "
                                     "before you ask again.",
                                     limits_.request.count())));
    co_return false;
  }

  void hand_over(Request request, std::uint64_t number) {
    try {
      s_.context_->handler(std::move(request), [weak = s_.weak_from_this(), number](Response response) {
        if (auto session = weak.lock()) deliver(std::move(session), number, std::move(response));
      });
    } catch (const std::exception& error) {
      s_.response_ = problem(
          make_error(Code::internal, std::string("The request could not be served: ") + error.what()));
    }
  }

  void note(const Response& response, bool sent) {
    HttpStats& stats = s_.context_->stats;
    const auto status = static_cast<std::size_t>(response.status);
    if (status < stats.answers.size()) stats.answers[status].fetch_add(1, std::memory_order_relaxed);
    const std::chrono::duration<double> took = Clock::now() - account_.began;
    if (account_.waits.count() == 0) stats.seconds.observe(took.count());
    if (!s_.context_->access_log) return;
    const std::string correlation = header_of(response, "X-Correlation-ID");
    const std::string trace = header_of(response, "traceparent");
    log_about(LogLevel::info, {.correlation_id = correlation}, "http {} {} {} bytes {:.1f} ms{}{}{}{}{}",
              account_.request.empty() ? "(unread)" : account_.request, response.status, response.body.size(),
              took.count() * 1000, correlation.empty() ? "" : " correlation ", correlation, trace.empty() ? "" : " trace ",
              trace, sent ? "" : " (not taken)");
  }

  static std::string header_of(const Response& response, std::string_view header) {
    for (const auto& [name, value] : response.headers) {
      if (name == header) return value;
    }
    return {};
  }

  static void deliver(std::shared_ptr<Session> session, std::uint64_t number, Response response) {
    const Strand strand = session->socket_.get_executor();
    asio::dispatch(strand, [session = std::move(session), number, response = std::move(response)]() mutable {
      if (number != session->request_number_ || session->response_) return;
      session->response_ = std::move(response);
      session->reply_.cancel();
    });
  }

  Awaitable<bool> send(const Response& response, bool head_only, bool keep, bool old_client) {
    s_.allow(limits_.request);
    const std::string head = head_of(response, keep, old_client);
    const bool bare = head_only || response.status == 304;
    const bool sent = co_await write(head, bare ? std::string_view{} : std::string_view(response.body));
    co_return sent;
  }

  Awaitable<bool> write(std::string_view head, std::string_view body) {
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head.data(), head.size()),
                                                    asio::buffer(body.data(), body.size())};
    const auto [error, count] = co_await asio::async_write(s_.socket_, buffers, kToken);
    co_return !error && !s_.timed_out_ && !s_.closed_;
  }

  // Closing with unread input would reset the connection and could destroy the answer on its way: take in
  // what the client still sends, within bounds.
  Awaitable<void> part() {
    error_code ignored;
    s_.socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    if (!refusal_) co_return;
    s_.allow(std::min(kDrainTime, limits_.request));
    std::size_t drained = 0;
    while (drained < kMaxDrainedBytes) {
      buffer_.clear();
      const bool arrived = co_await read_some(kReadBodyBytes);
      if (!arrived) break;
      drained += buffer_.size();
    }
  }

  Session& s_;
  const ServerLimits& limits_;
  beast::flat_buffer buffer_;  // may hold the beginning of the next request
  std::optional<Response> refusal_;
  struct {
    Clock::time_point began;
    std::string request;  // for the access log
    std::chrono::seconds waits{0};
  } account_;  // of the request under way
};

void Session::start(Ended ended) {
  auto self = shared_from_this();
  asio::co_spawn(
      socket_.get_executor(),
      [self]() -> Awaitable<void> {
        self->watch();
        Conversation conversation(*self);
        co_await conversation.run();
      },
      [self, ended = std::move(ended)](std::exception_ptr) {
        self->close();
        ended(self);
      });
}

void Session::finish_soon() {
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->finishing_ = true;
    if (self->idle_) self->close();
  });
}

void Session::abort() {
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] { self->close(); });
}

// One timer for all deadlines: it is moved only when it would fire too late, which is once in many requests.
void Session::watch() {
  watchdog_.expires_at(deadline_);
  watchdog_.async_wait([weak = weak_from_this()](error_code) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    if (Clock::now() >= self->deadline_) {
      self->timed_out_ = true;
      self->deadline_ = Clock::time_point::max();
      error_code ignored;
      self->socket_.cancel(ignored);
      self->reply_.cancel();
    }
    self->watch();
  });
}

void Session::allow(std::chrono::milliseconds time) {
  timed_out_ = false;
  deadline_ = Clock::now() + time;
  if (deadline_ < watchdog_.expiry()) watchdog_.cancel();
}

void Session::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
  watchdog_.cancel();
  reply_.cancel();
}

}  // namespace tasker::http
