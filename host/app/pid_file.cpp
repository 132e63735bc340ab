#include "app/pid_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

Error failure(const std::string& path, std::string_view what) {
  return make_error(Code::command_invalid, fmt::format("--pid-file: cannot write {}: {}", path, what));
}

pid_t holder_of(const std::string& path) {
  pid_t holder = 0;
  std::ifstream(path) >> holder;
  return holder;
}

std::string program_of(const std::string& process) {
  std::string name;
  std::getline(std::ifstream("/proc/" + process + "/comm") >> std::ws, name);
  return name;
}

bool is_another_host(pid_t holder) {
  if (holder <= 0 || holder == ::getpid()) return false;
  const auto program = program_of(std::to_string(holder));
  return !program.empty() && program == program_of("self");
}

// 0, or what went wrong; then there is no file.
int write_file(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return errno;
  int failed = 0;
  const ssize_t written = ::write(file, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) failed = written < 0 ? errno : ENOSPC;
  if (::close(file) != 0 && failed == 0) failed = errno;
  if (failed != 0) ::unlink(path.c_str());
  return failed;
}

}  // namespace

Result<PidFile> PidFile::write(std::string path) {
  if (path.empty()) return PidFile("");
  if (const pid_t holder = holder_of(path); is_another_host(holder))
    return failure(path, fmt::format("it names process {}, a tasker that is running; stop that one or name another file", holder));
  // Renamed into place: nobody reads half a number.
  const auto next = path + ".new";
  if (const int failed = write_file(next, fmt::format("{}\n", ::getpid())); failed != 0) return failure(path, std::strerror(failed));
  if (std::rename(next.c_str(), path.c_str()) != 0) {
    const int failed = errno;
    ::unlink(next.c_str());
    return failure(path, std::strerror(failed));
  }
  return PidFile(std::move(path));
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile::~PidFile() {
  if (path_.empty()) return;
  std::error_code ignored;
  if (holder_of(path_) == ::getpid()) std::filesystem::remove(path_, ignored);
}

}  // namespace tasker::app
