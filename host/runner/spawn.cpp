#include "runner/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tasker::runner {
namespace {

Error failed(const char* what, int error) {
  return make_error(Code::plugin_runner_failed, std::string("cannot start a runner: ") + what + ": " + std::strerror(error),
                    Retry::later);
}

// Closes what was not taken.
class Descriptors {
 public:
  ~Descriptors() {
    for (const int descriptor : all_)
      if (descriptor >= 0) ::close(descriptor);
  }
  int& operator[](std::size_t i) { return all_[i]; }
  int take(std::size_t i) { return std::exchange(all_[i], -1); }

 private:
  std::array<int, 4> all_ = {-1, -1, -1, -1};
};

// Away from the numbers that they get in the child: one must not overwrite another on its way there.
bool move_up(int& descriptor) {
  constexpr int kAbove = 10;
  const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, kAbove);
  if (moved < 0) return false;
  ::close(descriptor);
  descriptor = moved;
  return true;
}

void set_nonblocking(int descriptor) { ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* operator&() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    // A session of its own: a terminal's Ctrl-C is for the host, which ends its runners itself.
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  posix_spawnattr_t* operator&() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<std::string> chosen_environment(const SpawnRequest& request) {
  std::vector<std::string> chosen;
  if (request.has_whole_environment)
    for (char** variable = environ; *variable != nullptr; ++variable) chosen.emplace_back(*variable);
  else
    for (const std::string& name : request.environment)
      if (const char* value = std::getenv(name.c_str())) chosen.push_back(name + "=" + value);
  return chosen;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

Result<Spawned> spawn_runner(const SpawnRequest& request) {
  enum { kOurs, kTheirs, kRead, kWrite };
  Descriptors ends;
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return failed("socketpair", errno);
  ends[kOurs] = pair[0], ends[kTheirs] = pair[1];
  if (::pipe2(pair.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
  ends[kRead] = pair[0], ends[kWrite] = pair[1];
  if (!move_up(ends[kTheirs]) || !move_up(ends[kWrite])) return failed("descriptors", errno);

  Actions actions;
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[kWrite], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, ends[kWrite], STDERR_FILENO);
  if (request.board >= 0) ::posix_spawn_file_actions_adddup2(&actions, request.board, kBoardDescriptor);
  ::posix_spawn_file_actions_adddup2(&actions, ends[kTheirs], kChannelDescriptor);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, request.board >= 0 ? kBoardDescriptor + 1 : kBoardDescriptor);
  ::posix_spawn_file_actions_addchdir_np(&actions, request.folder.c_str());

  Attributes attributes;
  std::vector<std::string> words = {"tasker", "runner", request.label};
  auto variables = chosen_environment(request);
  Spawned spawned;
  const int error = ::posix_spawn(&spawned.process, request.program.c_str(), &actions, &attributes,
                                  pointers(words).data(), pointers(variables).data());
  if (error != 0) return failed(request.program.c_str(), error);
  set_nonblocking(ends[kOurs]);
  set_nonblocking(ends[kRead]);
  spawned.channel = ends.take(kOurs);
  spawned.output = ends.take(kRead);
  return spawned;
}

}  // namespace tasker::runner
