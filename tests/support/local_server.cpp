#include "local_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "support/files.h"

namespace tasker::test {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

LocalServer::LocalServer(const std::string& certificate, const std::string& key)
    : scheme_(certificate.empty() ? "http" : "https") {
  int input[2], output[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::string python = "python3", script = source_path("tests/support/local_server.py").string();
  std::string with_certificate = certificate, with_key = key;
  char* arguments[] = {python.data(), script.data(), certificate.empty() ? nullptr : with_certificate.data(),
                       with_key.data(), nullptr};
  const int error = ::posix_spawnp(&process_, python.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  output_ = output[0];
  if (error != 0) throw std::runtime_error("python cannot be started");
  const auto hello = line();
  if (hello.empty()) throw std::runtime_error("the local server did not start");
  port_ = static_cast<std::uint16_t>(std::stoi(hello));
}

LocalServer::~LocalServer() {
  ::close(input_);  // which ends it
  ::close(output_);
  ::waitpid(process_, nullptr, 0);
}

std::string LocalServer::url(const std::string& path) const {
  return scheme_ + "://127.0.0.1:" + std::to_string(port_) + path;
}

std::string LocalServer::line() {
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    pollfd ready{output_, POLLIN, 0};
    char bytes[4096];
    if (::poll(&ready, 1, kPatienceMs) <= 0) return {};
    const auto got = ::read(output_, bytes, sizeof bytes);
    if (got <= 0) return {};
    read_.append(bytes, static_cast<std::size_t>(got));
  }
}

nlohmann::json LocalServer::next_request() {
  const auto text = line();
  return text.empty() ? nlohmann::json() : nlohmann::json::parse(text);
}

bool LocalServer::wait_for_request(const std::string& path) {
  for (auto request = next_request(); !request.is_null(); request = next_request())
    if (request["path"].get<std::string>().starts_with(path)) return true;
  return false;
}

}  // namespace tasker::test
