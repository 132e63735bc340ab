#include "app/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

constexpr auto kLockLook = std::chrono::milliseconds(10);

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// The kernel tells nobody when a lock gets free unless they wait without a deadline.
bool lock_within(int file, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kLockLook);
  }
  return true;
}

}  // namespace

DataDir default_data_dir() {
  if (const auto chosen = environment("TASKER_DATA"); !chosen.empty()) return {chosen};
  if (const auto xdg = environment("XDG_DATA_HOME"); !xdg.empty()) return {fs::path(xdg) / "tasker" / "dev"};
  const auto home = environment("HOME");
  if (::geteuid() == 0 || home.empty()) return {"/var/lib/tasker/dev"};
  return {fs::path(home) / ".local" / "share" / "tasker" / "dev"};
}

Result<DataDir> create_data_dir(const fs::path& root) {
  DataDir dir{fs::absolute(root).lexically_normal()};
  if (!dir.root.has_filename()) dir.root = dir.root.parent_path();
  std::error_code failed;
  // The account of the private server must be able to enter, whatever the caller's umask.
  const auto usual = ::umask(022);
  fs::create_directories(dir.root, failed);
  if (!failed) fs::create_directories(dir.plugins(), failed);
  ::umask(usual);
  if (failed)
    return make_error(Code::data_dir_unusable, fmt::format("cannot make the data folder {}: {}. Choose another with --data.",
                                                           dir.root.string(), failed.message()));
  return dir;
}

Result<DataDirLock> DataDirLock::take(const DataDir& dir, std::chrono::milliseconds patience) {
  const auto path = dir.lock_file();
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0)
    return make_error(Code::data_dir_unusable,
                      fmt::format("cannot open {}: {}. Choose another data folder with --data.", path.string(),
                                  std::strerror(errno)));
  if (!lock_within(file, patience)) {
    ::close(file);
    return make_error(Code::data_dir_in_use,
                      fmt::format("another tasker (process {}) is using the data folder {}. Stop it first, or give this "
                                  "one a folder of its own with --data.",
                                  first_line(path), dir.root.string()));
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) == 0) (void)!::write(file, pid.data(), pid.size());
  return DataDirLock(file);
}

DataDirLock::DataDirLock(DataDirLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
DataDirLock& DataDirLock::operator=(DataDirLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}
// The file itself stays: removing it would let two hosts lock two different files of the same name.
DataDirLock::~DataDirLock() {
  if (file_ >= 0) ::close(file_);
}

Result<void> write_address(const DataDir& dir, const std::string& url) {
  const auto next = fs::path(dir.address_file().string() + ".new");
  std::ofstream(next, std::ios::trunc) << url << '\n';
  std::error_code failed;
  fs::rename(next, dir.address_file(), failed);
  if (failed)
    return make_error(Code::data_dir_unusable,
                      fmt::format("cannot write {}: {}", dir.address_file().string(), failed.message()));
  return {};
}

std::optional<std::string> read_address(const DataDir& dir) {
  auto line = first_line(dir.address_file());
  if (line.empty()) return std::nullopt;
  return line;
}

void remove_address(const DataDir& dir) {
  std::error_code ignored;
  fs::remove(dir.address_file(), ignored);
}

}  // namespace tasker::app
