// A client that sends bytes as they are given, good HTTP or not, and reads answers by their Content-Length.
// Every read gives up after ten seconds, so that a server that says nothing fails a test instead of hanging
// it.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace tasker::http {

struct RawResponse {
  int status = 0;  // 0: the connection ended instead
  std::string head;
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int patience_seconds = 10)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{patience_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { ::close(fd_); }

  bool connected() const { return connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  RawResponse read(bool head_only = false) {
    RawResponse out;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return out;
    }
    out.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    const std::size_t at = out.head.find("Content-Length: ");
    const std::size_t length =
        at == std::string::npos || head_only ? 0 : std::stoul(out.head.substr(at + 16));
    while (buffer_.size() < length) {
      if (!fill()) return out;
    }
    out.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    out.status = std::stoi(out.head.substr(9, 3));
    return out;
  }

  RawResponse ask(std::string_view bytes) { return send(bytes) ? read() : RawResponse{}; }

  // True when the server has closed and nothing unread is left.
  bool ended() { return buffer_.empty() && !fill() && ended_; }

 private:
  bool fill() {
    char bytes[16384];
    const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
    ended_ = count == 0 || (count < 0 && errno == ECONNRESET);
    if (count > 0) buffer_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

inline std::string get(std::string_view path, std::string_view headers = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(headers) + "\r\n";
}

inline std::string post(std::string_view path, std::string_view body, std::string_view headers = {}) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace tasker::http
