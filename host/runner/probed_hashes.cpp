#include "runner/probed_hashes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/log.h"
#include "base/sha256.h"

namespace tasker::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashDigits = 64, kCheckDigits = 16;
// Lines of former builds are dropped when there are more than this beside those that count.
constexpr std::size_t kMostForeign = 10'000;

}  // namespace

std::string ProbedHashes::line_of(const std::string& sha256) const {
  return sha256 + " " + sha256_hex(build_ + " " + sha256).substr(0, kCheckDigits) + "\n";
}

void ProbedHashes::read() {
  if (std::exchange(is_read_, true)) return;
  std::ifstream in(file_, std::ios::binary);
  if (!in.is_open()) return;
  std::size_t foreign = 0;
  for (std::string line; std::getline(in, line) && line.size() <= kHashDigits + 1 + kCheckDigits;) {
    const std::string hash = line.substr(0, kHashDigits);
    if (hash.size() == kHashDigits && line_of(hash) == line + "\n")
      known_.insert(hash);
    else
      ++foreign;
  }
  if (!in.eof() || foreign > kMostForeign) write_all();
}

// Under another name first: another host may be reading it.
void ProbedHashes::write_all() {
  const fs::path part = file_.string() + "." + std::to_string(::getpid()) + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  for (const std::string& hash : known_) out << line_of(hash);
  out.close();
  std::error_code failed;
  if (out) fs::rename(part, file_, failed);
  if (!out || failed) fs::remove(part, failed);
}

bool ProbedHashes::contains(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  read();
  return known_.contains(sha256);
}

void ProbedHashes::add(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  read();
  if (!known_.insert(sha256).second) return;
  // What is not written is tried again after the next start.
  const int file = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  const std::string line = line_of(sha256);
  static_cast<void>(!::write(file, line.data(), line.size()));
  ::close(file);
}

void ProbedHashes::forget(const std::string& sha256) {
  const std::lock_guard lock(mutex_);
  read();
  if (known_.erase(sha256) > 0) write_all();
}

std::string build_of(const std::string& program) {
  struct stat info {};
  if (::stat(program.c_str(), &info) != 0) return "";
  return "tasker " TASKER_VERSION " " + std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." + std::to_string(info.st_mtim.tv_nsec);
}

}  // namespace tasker::runner
