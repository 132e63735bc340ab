#include "http/server.h"

#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>

#include "base/log.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/session.h"

namespace tasker::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Acceptor = asio::basic_socket_acceptor<tcp, Strand>;

constexpr std::uint16_t kPortsTried = 100;
constexpr std::chrono::milliseconds kAcceptPause{100};

Result<asio::ip::address> loopback_address(const std::string& text) {
  error_code bad;
  const auto address = text == "localhost" ? asio::ip::address(asio::ip::address_v4::loopback())
                                           : asio::ip::make_address(text, bad);
  if (bad || !address.is_loopback()) {
    return make_error(
        Code::http_address_refused,
        "Listening on '" + text +
            "' was refused: only loopback addresses (127.0.0.1, ::1, localhost) "
            "are served until authentication exists. Reach the host from elsewhere through an SSH tunnel.");
  }
  return address;
}

// A client beyond the limit gets a word of why instead of a silent close; a full socket buffer is not waited
// for.
void turn_away(Socket socket) {
  const Response response =
      problem(make_error(Code::overloaded, "Too many connections. Try again in a moment."));
  const std::string text =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
      "Retry-After: 1\r\nConnection: close\r\nContent-Length: " +
      std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Server::Impl> {
 public:
  Impl(asio::io_context& io, engine::Api& api, ServerOptions options)
      : io_(io),
        strand_(asio::make_strand(io)),
        acceptor_(strand_),
        pause_(strand_),
        grace_(strand_),
        mount_(options.routes.mount),
        context_(std::make_shared<SessionContext>()) {
    context_->limits = options.limits;
    context_->access_log = options.access_log;
    context_->handler = [routes = std::make_shared<Routes>(api, std::move(options.routes))](Request request,
                                                                                            Respond respond) {
      routes->handle(std::move(request), std::move(respond));
    };
  }

  Result<std::uint16_t> bind(const std::string& text, std::uint16_t port, bool allow_next_free) {
    auto address = loopback_address(text);
    if (!address) return address.error();
    const int last = port == 0 || !allow_next_free ? port : std::min(port + kPortsTried - 1, 65535);
    error_code error;
    for (int candidate = port; candidate <= last; ++candidate) {
      error = try_bind(tcp::endpoint(*address, static_cast<std::uint16_t>(candidate)));
      if (!error) {
        endpoint_ = acceptor_.local_endpoint();
        return endpoint_.port();
      }
      if (error != asio::error::address_in_use) break;
    }
    const std::string where = text + ":" + std::to_string(port);
    if (error == asio::error::address_in_use) {
      return make_error(Code::http_port_taken,
                        "Listening on " + where + " failed: another program has the port" +
                            (last > port ? " and the " + std::to_string(last - port) + " behind it" : "") +
                            ". Stop that program, or choose another port.");
    }
    return make_error(Code::http_bind_failed, "Listening on " + where + " failed: " + error.message() + ".");
  }

  void start() {
    asio::dispatch(strand_, [self = shared_from_this()] { self->accept(); });
  }

  std::uint16_t port() const { return endpoint_.port(); }
  const HttpStats& stats() const { return context_->stats; }

  std::string url() const {
    const auto address = endpoint_.address();
    const std::string name = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
    return "http://" + name + ":" + std::to_string(port()) + (mount_.empty() ? "/" : mount_);
  }

  void stop(std::chrono::milliseconds grace, std::function<void()> stopped) {
    asio::dispatch(strand_, [self = shared_from_this(), grace, stopped = std::move(stopped)]() mutable {
      self->stop_on_strand(grace, std::move(stopped));
    });
  }

 private:
  error_code try_bind(const tcp::endpoint& endpoint) {
    error_code error;
    acceptor_.close(error);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    error_code ignored;
    if (error) acceptor_.close(ignored);
    return error;
  }

  void accept() {
    if (stopping_ || !acceptor_.is_open()) return;
    acceptor_.async_accept(Strand(asio::make_strand(io_)),
                           [self = shared_from_this()](error_code error, Socket socket) {
                             self->accepted(error, std::move(socket));
                           });
  }

  void accepted(error_code error, Socket socket) {
    if (stopping_) return;
    if (error) return pause_accepting(error);
    lacks_descriptors_ = false;
    if (sessions_.size() >= context_->limits.connections) {
      context_->stats.turned_away.fetch_add(1, std::memory_order_relaxed);
      turn_away(std::move(socket));
    } else {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      begin_session(std::move(socket));
    }
    accept();
  }

  // Out of file descriptors, most likely: asking again at once would only burn the processor.
  void pause_accepting(error_code error) {
    if (!std::exchange(lacks_descriptors_, true))
      log_about(LogLevel::error, {.code = code_text(Code::overloaded)},
                "no connection can be taken ({}); clients wait until it can. Raise the limit of open files (ulimit -n, LimitNOFILE=)",
                error.message());
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([self = shared_from_this()](error_code) { self->accept(); });
  }

  void begin_session(Socket socket) {
    auto session = std::make_shared<Session>(std::move(socket), context_);
    sessions_.emplace(session.get(), session);
    context_->stats.connections.fetch_add(1, std::memory_order_relaxed);
    session->start([self = shared_from_this()](const std::shared_ptr<Session>& ended) {
      // The session is kept until it is erased: its address, the key, must not be taken by a new one before.
      asio::dispatch(self->strand_, [self, ended] {
        self->sessions_.erase(ended.get());
        self->context_->stats.connections.fetch_sub(1, std::memory_order_relaxed);
        self->report_stopped();
      });
    });
  }

  void stop_on_strand(std::chrono::milliseconds grace, std::function<void()> stopped) {
    if (stopped) stopped_.push_back(std::move(stopped));
    stopping_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    each_session([](Session& session) { session.finish_soon(); });
    if (!sessions_.empty()) {
      grace_.expires_after(grace);
      grace_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->each_session([](Session& session) { session.abort(); });
      });
    }
    report_stopped();
  }

  // Over a copy: ending a session changes the map.
  void each_session(void (*act)(Session&)) {
    const auto sessions = sessions_;
    for (const auto& [key, weak] : sessions) {
      if (const auto session = weak.lock()) act(*session);
    }
  }

  void report_stopped() {
    if (!stopping_ || !sessions_.empty()) return;
    grace_.cancel();
    const auto callbacks = std::exchange(stopped_, {});
    for (const auto& stopped : callbacks) stopped();
  }

  // Constant after bind.
  asio::io_context& io_;
  Strand strand_;
  tcp::endpoint endpoint_;
  // On the strand.
  Acceptor acceptor_;
  Timer pause_;
  Timer grace_;
  const std::string mount_;
  const std::shared_ptr<SessionContext> context_;
  std::unordered_map<Session*, std::weak_ptr<Session>> sessions_;
  std::vector<std::function<void()>> stopped_;
  bool stopping_ = false;
  bool lacks_descriptors_ = false;  // it was said
};

Server::Server(asio::io_context& io, engine::Api& api, ServerOptions options)
    : impl_(std::make_shared<Impl>(io, api, std::move(options))) {}

Server::~Server() {
  impl_->stop(std::chrono::milliseconds(0), {});
}

Result<std::uint16_t> Server::bind(const std::string& address, std::uint16_t port, bool allow_next_free) {
  return impl_->bind(address, port, allow_next_free);
}
void Server::start() {
  impl_->start();
}
std::uint16_t Server::port() const {
  return impl_->port();
}
const HttpStats& Server::stats() const {
  return impl_->stats();
}
std::string Server::url() const {
  return impl_->url();
}
void Server::stop(std::chrono::milliseconds grace, std::function<void()> stopped) {
  impl_->stop(grace, std::move(stopped));
}

Result<ListenAddress> parse_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  ListenAddress out;
  if (colon != std::string::npos && colon > 0) {
    out.address = text.substr(0, colon);
    if (out.address.size() > 2 && out.address.front() == '[' && out.address.back() == ']') {
      out.address = out.address.substr(1, out.address.size() - 2);
    }
    if (auto port = parse_number("port", std::string_view(text).substr(colon + 1), 0, 65535)) {
      out.port = static_cast<std::uint16_t>(*port);
      return out;
    }
  }
  return make_error(Code::http_address_refused,
                    "The listen address '" + text.substr(0, 80) +
                        "' could not be read. Write address:port, as in 127.0.0.1:7878 "
                        "or [::1]:7878.");
}

}  // namespace tasker::http
