#include "support/cut_proxy.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <list>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace tasker::test {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool send_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// "Ready for query", outside of any transaction: an answer that ends so was committed.
constexpr std::string_view kReady{"Z\0\0\0\5I", 6};

}  // namespace

struct CutProxy::Pair {
  int client = -1, server = -1;
  bool logged_in = false;
  bool cutting = false;  // the answer that comes is not for the client
  When when = When::answered;
  std::string tail;  // the last bytes of it
  ~Pair() {
    if (client >= 0) ::close(client);
    if (server >= 0) ::close(server);
  }
};

CutProxy::CutProxy(const std::string& conninfo) {
  std::smatch host, port;
  if (!std::regex_search(conninfo, host, std::regex("host='?([^ ']+)")))
    throw std::runtime_error("no host in " + conninfo);
  const std::string number =
      std::regex_search(conninfo, port, std::regex("port='?([0-9]+)")) ? port[1].str() : "5432";
  server_ = host[1].str() + "/.s.PGSQL." + number;
  conninfo_ = std::regex_replace(conninfo, std::regex("host='?[^ ']+'?"), "host=" + folder_.path().string());
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of((folder_.path() / (".s.PGSQL." + number)).string());
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 32) != 0) {
    throw std::runtime_error(std::string("the proxy cannot listen: ") + std::strerror(errno));
  }
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
}

CutProxy::~CutProxy() {
  stopping_ = true;
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) != sizeof one) std::abort();
  thread_.join();
  ::close(listener_);
  ::close(wake_);
}

void CutProxy::cut_next(const std::string& statement, When when) {
  const std::lock_guard lock(mutex_);
  wanted_ = std::string(1, '\0') + statement + std::string(1, '\0');
  when_ = when;
}

int CutProxy::connect_to_server() const {
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = address_of(server_);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  ::close(made);
  return -1;
}

// False: this pair is over.
bool CutProxy::forward(Pair& pair, bool from_client) {
  std::array<char, 65536> buffer;
  const auto got = ::recv(from_client ? pair.client : pair.server, buffer.data(), buffer.size(), 0);
  if (got <= 0) return false;
  const std::string_view data(buffer.data(), static_cast<std::size_t>(got));
  if (!from_client && pair.cutting) {
    pair.tail += data;
    if (!pair.tail.ends_with(kReady)) return true;
    if (pair.when == When::answered) ++cuts_;
    return false;
  }
  if (!from_client && data.ends_with(kReady)) pair.logged_in = true;
  if (from_client && pair.logged_in && silent_) return true;
  if (!from_client) return send_all(pair.client, data.data(), data.size());
  {
    const std::lock_guard lock(mutex_);
    // A Bind message names its statement between two zeros; a longer message came in parts before, its name
    // first.
    if (!wanted_.empty() && data.find(wanted_) != std::string_view::npos) {
      wanted_.clear();
      pair.cutting = true;
      pair.when = when_;
    }
  }
  if (!send_all(pair.server, data.data(), data.size())) return false;
  if (pair.cutting && pair.when == When::sent && pair.client >= 0 &&
      data.ends_with(std::string_view("S\0\0\0\4", 5))) {  // the call is complete
    ::close(std::exchange(pair.client, -1));
    ++cuts_;
  }
  return true;
}

void CutProxy::run() {
  std::list<Pair> pairs;
  while (!stopping_) {
    std::vector<pollfd> polled = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    for (const Pair& pair : pairs) {
      polled.push_back({pair.client, POLLIN, 0});  // -1 is skipped
      polled.push_back({pair.server, POLLIN, 0});
    }
    ::poll(polled.data(), polled.size(), -1);
    std::size_t at = 2;
    for (auto pair = pairs.begin(); pair != pairs.end(); at += 2) {
      bool open = true;
      if (polled[at].revents) open = forward(*pair, true);
      if (open && polled[at + 1].revents) open = forward(*pair, false);
      pair = open ? std::next(pair) : pairs.erase(pair);
    }
    if (polled[0].revents) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const int server = client < 0 ? -1 : connect_to_server();
      if (server >= 0) {
        pairs.emplace_back();
        pairs.back().client = client;
        pairs.back().server = server;
      } else if (client >= 0) {
        ::close(client);
      }
    }
  }
}

}  // namespace tasker::test
