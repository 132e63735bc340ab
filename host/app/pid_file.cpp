#include "app/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

Error failure(const std::string& path, std::string_view what) {
  return make_error(Code::command_invalid, fmt::format("--pid-file: cannot write {}: {}", path, what));
}

class Descriptor {
 public:
  explicit Descriptor(int file) : file_(file) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  int get() const { return file_; }
  int release() { return std::exchange(file_, -1); }

 private:
  int file_;
};

// Whether the name stands for this very file.
bool is_named(int file, const std::string& path) {
  struct stat own {}, named {};
  return ::fstat(file, &own) == 0 && ::lstat(path.c_str(), &named) == 0 && own.st_dev == named.st_dev &&
         own.st_ino == named.st_ino;
}

int holder_of(int file) {
  char text[16]{};
  int holder = 0;
  if (const ssize_t size = ::pread(file, text, sizeof text, 0); size > 0) std::from_chars(text, text + size, holder);
  return holder;
}

// 0, or what went wrong.
int write_number(int file) {
  const auto text = fmt::format("{}\n", ::getpid());
  const ssize_t written = ::write(file, text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return 0;
  return written < 0 ? errno : ENOSPC;
}

constexpr int kMostTries = 1000;

enum class Step { done, again };

// Gives the file, which is written and locked, its name, unless a living process has a file there.
Result<Step> put_into_place(const std::string& next, const std::string& path) {
  if (::link(next.c_str(), path.c_str()) == 0) return Step::done;
  if (errno != EEXIST) return failure(path, std::strerror(errno));
  const Descriptor before(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (before.get() < 0 && errno == ENOENT) return Step::again;
  if (before.get() < 0) return failure(path, std::strerror(errno));
  if (::flock(before.get(), LOCK_EX | LOCK_NB) != 0)
    return failure(path, fmt::format("it names process {}, a tasker that is running; stop that one or name another file",
                                     holder_of(before.get())));
  // Whoever waited here for the lock may find that its former holder, or another that starts, was quicker.
  if (!is_named(before.get(), path)) return Step::again;
  if (std::rename(next.c_str(), path.c_str()) != 0) return failure(path, std::strerror(errno));
  return Step::done;
}

}  // namespace

Result<PidFile> PidFile::write(std::string path) {
  if (path.empty()) return PidFile("", -1);
  // Written and locked before it has its name: nobody reads half a number, and nobody finds it unlocked.
  const auto next = fmt::format("{}.{}.new", path, ::getpid());
  ::unlink(next.c_str());  // of an earlier process with this number
  Descriptor file(::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (file.get() < 0) return failure(path, std::strerror(errno));
  int failed = write_number(file.get());
  if (failed == 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) failed = errno;
  Result<Step> placed = failed == 0 ? Result<Step>(Step::again) : failure(path, std::strerror(failed));
  for (int tries = 0; placed && *placed == Step::again; ++tries)
    placed = tries < kMostTries ? put_into_place(next, path) : failure(path, "others write it all the time");
  ::unlink(next.c_str());
  if (!placed) return placed.error();
  return PidFile(std::move(path), file.release());
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, {})), file_(std::exchange(other.file_, -1)) {}

PidFile::~PidFile() {
  if (file_ < 0) return;
  if (is_named(file_, path_)) ::unlink(path_.c_str());
  ::close(file_);
}

}  // namespace tasker::app
