// A real HTTP server on loopback for tests of what calls one: local_server.py in a process of its own, gone with this
// object. Its answers are chosen by path; that file lists them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tasker::test {

class LocalServer {
 public:
  // With a certificate and its key, both PEM files, it speaks TLS. Returns when the server listens.
  explicit LocalServer(const std::string& certificate = {}, const std::string& key = {});
  ~LocalServer();
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  std::string url(const std::string& path) const;  // "/status/429"
  std::uint16_t port() const { return port_; }
  // Blocks until a request for a path that begins so has arrived; false after a minute.
  bool wait_for_request(const std::string& path);
  // The next request that arrived: {"method", "path", "headers", "body"}; null after a minute.
  nlohmann::json next_request();

 private:
  std::string scheme_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
  int input_ = -1, output_ = -1;
  std::string read_;  // of output_, not yet taken
  std::string line();
};

}  // namespace tasker::test
