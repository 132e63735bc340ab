// The HTTP listener: accepts connections on a loopback address, reads requests within bounds and deadlines,
// hands them to the routes and writes the answers. Runs on the io_context it is given and has no thread of
// its own; several threads may run that context (each connection has a strand). Owned by app, which stops it
// first.
//
// Lifetime: the io_context must outlive the server; call stop() and wait for its callback before destroying
// either. A reply of the Api that arrives after its connection has ended is dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/api.h"
#include "http/routes.h"

namespace boost::asio {
class io_context;
}

namespace tasker::http {

struct ServerLimits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 16 * 1024 * 1024;
  std::size_t body_bytes_in_flight = 256 * 1024 * 1024;  // of all connections together
  std::size_t connections = 1000;
  std::chrono::milliseconds idle{60'000};     // between two requests on a kept connection
  std::chrono::milliseconds request{30'000};  // to receive one request; to answer it; to take the answer
};

struct ServerOptions {
  RouteOptions routes;
  ServerLimits limits;
  bool access_log = false;  // a line in the log for each request
};

struct HttpStats;

class Server {
 public:
  Server(boost::asio::io_context& io, engine::Api& api, ServerOptions options = {});
  ~Server();

  // Takes the port, and nothing is accepted yet. `address` is an IP address or "localhost"; anything but
  // loopback is refused. Port 0: any free one. With allow_next_free a taken port is followed by the next 99.
  // Answers the port.
  Result<std::uint16_t> bind(const std::string& address, std::uint16_t port, bool allow_next_free = false);
  void start();                // after bind
  std::uint16_t port() const;  // 0 before bind
  std::string url() const;     // of the page: http://127.0.0.1:7878/tasker

  const HttpStats& stats() const;  // [any]

  // Accepts no more, closes idle connections, lets requests finish, and after `grace` closes the rest.
  // `stopped` is called once, on the io_context, when the last connection is gone. May be called more than
  // once. [any]
  void stop(std::chrono::milliseconds grace, std::function<void()> stopped);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// "127.0.0.1:7878", "[::1]:7878", "localhost:7878".
struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(const std::string& text);

}  // namespace tasker::http
