#include "base/process_id.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

namespace tasker {

namespace {

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string pid_namespace() {
  std::array<char, 64> text{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", text.data(), text.size() - 1);
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

// Field 22 of /proc/<pid>/stat. The second field, the program's name, may hold spaces and brackets.
std::optional<std::string> start_ticks(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::istringstream rest(line.substr(line.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number)
    if (!(rest >> field)) return std::nullopt;
  return field;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

std::string current_process() {
  const std::string pid = std::to_string(::getpid());
  const std::string boot = boot_id();
  const std::string space = pid_namespace();
  const std::optional<std::string> ticks = start_ticks(pid);
  if (boot.empty() || space.empty() || !ticks) return {};
  return boot + '/' + space + '/' + pid + '/' + *ticks;
}

bool certainly_gone(std::string_view process) {
  const std::vector<std::string> parts = split(process);
  if (parts.size() != 4 || parts[0].empty() || parts[0] != boot_id() || parts[1] != pid_namespace()) return false;
  pid_t pid = 0;
  if (std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), pid).ec != std::errc() || pid <= 0) return false;
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  // What cannot be read proves nothing: /proc may hide the processes of other users.
  const std::optional<std::string> ticks = start_ticks(parts[2]);
  return ticks && *ticks != parts[3];
}

}  // namespace tasker
