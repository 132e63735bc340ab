// An HTTP server on this machine that gives one answer to one request, for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

class OneAnswer {
 public:
  // head: "200 OK", and header lines behind it when there are any.
  OneAnswer(const std::string& head, const std::string& body) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, generic, size) != 0 || listen(socket_, 1) != 0 || getsockname(socket_, generic, &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) +
                                          "\r\nConnection: close\r\n\r\n" + body] { serve(answer); });
  }
  ~OneAnswer() {
    shutdown(socket_, SHUT_RDWR);  // ends a wait for a request that never came
    thread_.join();
    close(socket_);
  }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void serve(const std::string& answer) const {
    const int client = accept(socket_, nullptr, nullptr);
    if (client < 0) return;
    std::string request;
    char bytes[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = recv(client, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      request.append(bytes, static_cast<std::size_t>(count));
    }
    send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    close(client);
  }

  int socket_;
  int port_ = 0;
  std::thread thread_;
};
