#include "app/postmaster.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// A pidfd becomes readable when the process ends, children of others included.
bool ends_before(pid_t pid, Clock::time_point until) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return errno == ESRCH;
  bool ended = false;
  while (!ended) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) break;
    pollfd waiting{process, POLLIN, 0};
    ended = ::poll(&waiting, 1, static_cast<int>(left.count())) > 0;
  }
  ::close(process);
  return ended;
}

bool all_end_before(const std::vector<pid_t>& processes, Clock::time_point until) {
  for (const auto pid : processes)
    if (!ends_before(pid, until)) return false;
  return true;
}

// A shutdown request is for the server alone, which tells its children. Children without a server would end by
// themselves when they look; busy ones look late.
void signal_server(const fs::path& pgdata, const std::vector<pid_t>& present, int signal) {
  const auto file = read_postmaster_file(pgdata);
  const bool has_server = file && std::find(present.begin(), present.end(), file->pid) != present.end();
  if (has_server && signal != SIGKILL) {
    ::kill(file->pid, signal);
    return;
  }
  for (const auto pid : present) ::kill(pid, signal == SIGKILL ? SIGKILL : SIGQUIT);
}

}  // namespace

std::optional<PostmasterFile> read_postmaster_file(const fs::path& pgdata) {
  std::ifstream in(pgdata / "postmaster.pid");
  PostmasterFile found;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (number == 1) found.pid = std::atoi(line.c_str());
    if (number == 8) found.ready = line.starts_with("ready");
  }
  if (found.pid <= 0) return std::nullopt;
  return found;
}

std::vector<pid_t> processes_in(const fs::path& pgdata) {
  std::vector<pid_t> found;
  std::error_code failed;
  const auto folder = fs::canonical(pgdata, failed);
  if (failed) return found;
  for (const auto& entry : fs::directory_iterator("/proc", failed)) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= 0 || pid == ::getpid()) continue;
    std::error_code unreadable;
    if (fs::read_symlink(entry.path() / "cwd", unreadable) != folder || unreadable) continue;
    const auto program = fs::read_symlink(entry.path() / "exe", unreadable);
    if (!unreadable && program.filename() == "postgres") found.push_back(pid);
  }
  return found;
}

Result<bool> end_server_of(const fs::path& pgdata, std::chrono::milliseconds deadline) {
  bool was_there = false;
  // A fast shutdown writes a checkpoint, so it gets the largest share; a kill needs next to none.
  const struct {
    int signal;
    double share;
  } steps[] = {{SIGINT, 0.7}, {SIGQUIT, 0.2}, {SIGKILL, 0.1}};
  for (const auto& step : steps) {
    const auto present = processes_in(pgdata);
    if (present.empty()) break;
    was_there = true;
    signal_server(pgdata, present, step.signal);
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(deadline * step.share);
    if (all_end_before(present, Clock::now() + patience)) break;
  }
  if (!processes_in(pgdata).empty())
    return make_error(Code::data_dir_in_use,
                      fmt::format("a PostgreSQL server still works in {} and did not end within {} ms. End it by hand.",
                                  pgdata.string(), deadline.count()));
  std::error_code ignored;
  fs::remove(pgdata / "postmaster.pid", ignored);
  return was_there;
}

}  // namespace tasker::app
