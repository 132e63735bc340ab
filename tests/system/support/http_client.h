// The host's HTTP interface as a test uses it: every request on a connection of its own, the answer with its status,
// its text as it came, and the same as JSON. Only loopback. Gives up after ten seconds (status 0), after
// 120 when it asked the host to wait.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace tasker::test {

using Json = nlohmann::json;

struct Answer {
  int status = 0;  // 0: no answer
  std::string head;
  std::string text;

  Json json() const { return Json::parse(text, nullptr, false); }  // discarded when it is not JSON
  std::string code() const;  // of a problem, else empty
};

class HttpClient {
 public:
  HttpClient() = default;
  explicit HttpClient(std::uint16_t port) : port_(port) {}
  std::uint16_t port() const { return port_; }

  // `headers`: whole lines, each ended by \r\n.
  Answer get(const std::string& path, const std::string& headers = {}) const;  // "/tasker/tasks/1"
  Answer post(const std::string& path, const std::string& body, const std::string& headers = {}) const;
  Answer post(const std::string& path, const char* body) const { return post(path, std::string(body)); }
  Answer post(const std::string& path, const Json& body) const { return post(path, body.dump()); }

  // The id of a new task; the test fails when it is not created.
  std::int64_t submit(const Json& task) const;
  std::vector<std::int64_t> submit_many(const Json& task, int count) const;  // in bulk
  Json task(std::int64_t id) const;  // {"task_id", "detail", "workflow_steps", ...}
  // The task once it has ended; the test fails when it does not.
  Json ended(std::int64_t id) const;
  bool has_loaded(const std::string& name, const std::string& version = "1.0.0",
                  const std::string& namespace_name = "test") const;

 private:
  std::uint16_t port_ = 0;
};

}  // namespace tasker::test
