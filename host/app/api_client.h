// A blocking HTTP client for the host's own interface, used by the client verbs. Bodies are JSON text, in and out,
// untouched. Each request has a deadline. One thread at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace tasker::app {

// `flag`, else $TASKER_SERVER, else the address that `tasker dev` wrote into the default data folder, else the
// default port on this machine.
std::string choose_server(const std::string& flag);

class ApiClient {
 public:
  struct Options {
    std::chrono::milliseconds connect_deadline = std::chrono::seconds(3);
    // More than the host gives itself, so that its own sentence arrives.
    std::chrono::milliseconds deadline = std::chrono::seconds(45);
    std::function<bool()> is_cancelled{};  // asked during a request; true ends it: Code::command_interrupted
    bool verbose = false;                  // each request is told on stderr
  };
  // "http://127.0.0.1:8765"; without a path the interface is at /tasker.
  explicit ApiClient(std::string server) : ApiClient(std::move(server), Options{}) {}
  ApiClient(std::string server, Options options);
  ~ApiClient();

  // The body of a 2xx answer. Anything else is an error that holds the server's own code and sentence.
  Result<std::string> get(const std::string& path);  // "/tasks/42"
  // `idempotency_key` may be empty.
  Result<std::string> post(const std::string& path, const std::string& body, const std::string& idempotency_key = {});
  Result<std::string> put(const std::string& path, const std::string& body);
  Result<std::string> remove(const std::string& path);  // DELETE

  const std::string& server() const;
  static std::string escape(const std::string& text);  // for a part of a path or query

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tasker::app
