#include "app/pid_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {

Result<PidFile> PidFile::write(std::string path) {
  if (path.empty()) return PidFile("");
  // Renamed into place: nobody reads half a number.
  const auto next = path + ".new";
  errno = 0;
  std::ofstream file(next, std::ios::trunc);
  file << ::getpid() << '\n';
  file.close();
  if (!file || std::rename(next.c_str(), path.c_str()) != 0)
    return make_error(Code::command_invalid, fmt::format("--pid-file: cannot write {}: {}", path, std::strerror(errno)));
  return PidFile(std::move(path));
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PidFile::~PidFile() {
  if (path_.empty()) return;
  pid_t holder = 0;
  std::ifstream(path_) >> holder;
  std::error_code ignored;
  if (holder == ::getpid()) std::filesystem::remove(path_, ignored);
}

}  // namespace tasker::app
