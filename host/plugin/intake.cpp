#include "plugin/intake.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "plugin/system_fault.h"

namespace tasker::plugin {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Removes the unfinished copy on every way out but success.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const fs::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

std::string system_text(int error) { return std::error_code(error, std::generic_category()).message(); }

Error untrusted(const fs::path& path, const std::string& what, Retry retry = Retry::never) {
  return make_error(Code::plugin_untrusted_file, path.string() + " " + what, retry);
}

Error state_error(const fs::path& path, const char* verb, int error) {
  return make_error(Code::plugin_state_dir,
                    std::string("cannot ") + verb + " " + path.string() + ": " + system_text(error), Retry::later);
}

bool is_ours(const struct stat& info) { return info.st_uid == 0 || info.st_uid == ::geteuid(); }

// A fault of a directory may be mended without touching the file, so it is looked at again later.
std::optional<Error> distrust_directory(const fs::path& dir, bool may_be_sticky) {
  struct stat info {};
  if (::lstat(dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    return untrusted(dir, "is not a directory that can be checked", Retry::later);
  if (!is_ours(info))
    return untrusted(dir, "belongs to another user; it must belong to root or to the host's user", Retry::later);
  if ((info.st_mode & 022) == 0 || (may_be_sticky && (info.st_mode & S_ISVTX) != 0)) return std::nullopt;
  return untrusted(dir, "may be written by group or others; run chmod go-w on it", Retry::later);
}

// Whoever can write to a directory above can exchange everything below it.
std::optional<Error> distrust_path(const fs::path& dir) {
  if (auto error = distrust_directory(dir, false)) return error;
  for (fs::path at = dir; at.has_relative_path();) {
    at = at.parent_path();
    if (auto error = distrust_directory(at, true)) return error;
  }
  return std::nullopt;
}

std::optional<Error> distrust_file(const fs::path& file, const struct stat& info, const IntakeLimits& limits) {
  if (!S_ISREG(info.st_mode)) return untrusted(file, "is not a regular file");
  if (!is_ours(info)) return untrusted(file, "belongs to another user; it must belong to root or to the host's user");
  if ((info.st_mode & 022) != 0) return untrusted(file, "may be written by group or others; run chmod go-w on it");
  if (static_cast<std::uint64_t>(info.st_size) > limits.max_bytes)
    return make_error(Code::plugin_too_large, file.string() + " has " + std::to_string(info.st_size) +
                                                  " bytes, more than the limit of " + std::to_string(limits.max_bytes));
  return std::nullopt;
}

Error cannot_open(const fs::path& path, int error) {
  if (is_gone(error)) return make_error(Code::not_found, path.string() + " went away");
  return make_error(Code::plugin_unreadable, "cannot open " + path.string() + ": " + system_text(error), Retry::later);
}

Result<Descriptor> open_source(const fs::path& file, const fs::path& dir) {
  const Descriptor folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return cannot_open(dir, errno);
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  Descriptor source(::openat(folder.get(), file.filename().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (source.is_open()) return source;
  if (errno == ELOOP) return untrusted(file, "is a symbolic link; copy the file itself");
  if (errno == ENXIO) return untrusted(file, "is not a regular file");
  return cannot_open(file, errno);
}

bool write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

Result<void> copy_bytes(int from, const fs::path& file, int to, const fs::path& copy, const IntakeLimits& limits) {
  std::array<char, 128 * 1024> buffer;
  for (std::uint64_t total = 0;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return make_error(Code::plugin_unreadable, "cannot read " + file.string() + ": " + system_text(errno), Retry::later);
    if (got == 0) return {};
    total += static_cast<std::uint64_t>(got);
    if (total > limits.max_bytes)
      return make_error(Code::plugin_too_large, file.string() + " grew over the limit of " + std::to_string(limits.max_bytes) + " bytes while it was copied");
    if (!write_all(to, buffer.data(), static_cast<std::size_t>(got))) return state_error(copy, "write", errno);
  }
}

// Bytes from two states of a file are neither's, even if they look like a plugin.
Result<void> check_unchanged(int fd, const fs::path& file, const struct stat& before) {
  struct stat now {};
  const auto same = [](const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; };
  if (::fstat(fd, &now) == 0 && now.st_size == before.st_size && same(now.st_mtim, before.st_mtim)) return {};
  return make_error(Code::plugin_unreadable, file.string() + " changed while it was copied; it is looked at again", Retry::later);
}

// A name that nobody else has, also not a host with the same process id in another container that shares the folder.
Result<Descriptor> create_copy(const fs::path& state_dir, fs::path& path) {
  static constexpr std::string_view kSuffix = ".XXXXXX.tmp";
  std::string name = (state_dir / ("intake." + std::to_string(::getpid()))).string().append(kSuffix);
  Descriptor copy(::mkostemps(name.data(), 4, O_CLOEXEC));
  if (!copy.is_open()) return state_error(name, "create", errno);
  path = name;
  return copy;
}

// A start finds most of its copies already there. Nothing is believed of one but what its own bytes say.
Result<PrivateCopy> reuse_copy(int source, const fs::path& file, const fs::path& state_dir, const struct stat& before) {
  auto hash = sha256_hex_of_fd(source, static_cast<std::uint64_t>(before.st_size));
  if (!hash) return hash.error();
  if (auto unchanged = check_unchanged(source, file, before); !unchanged) return unchanged.error();
  const fs::path path = state_dir / (*hash + file.extension().string());
  const Descriptor copy(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!copy.is_open() || ::fstat(copy.get(), &info) != 0) return PrivateCopy{};
  const bool is_made_here = S_ISREG(info.st_mode) && info.st_uid == ::geteuid() && (info.st_mode & 07777) == 0500;
  if (!is_made_here || info.st_size != before.st_size) return PrivateCopy{};
  // As if it had been made now, lest it is old enough to be cleared away; and it may have been, just before.
  if (::futimens(copy.get(), nullptr) != 0 || ::fstat(copy.get(), &info) != 0 || info.st_nlink == 0) return PrivateCopy{};
  const auto same = sha256_hex_of_fd(copy.get());
  if (!same || *same != *hash) return PrivateCopy{};
  return PrivateCopy{path, *hash};
}

// What is there of as many bytes as the file had.
Result<std::string> read_whole(int fd, const fs::path& file, const struct stat& info) {
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t at = 0;
  for (ssize_t got = 1; at < text.size() && got != 0;) {
    got = ::pread(fd, text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno != EINTR) return cannot_open(file, errno);
    if (got > 0) at += static_cast<std::size_t>(got);
  }
  text.resize(at);
  return text;
}

}  // namespace

Result<void> prepare_state_dir(const fs::path& dir) {
  std::error_code error;
  fs::create_directories(dir.parent_path(), error);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return state_error(dir, "create", errno);
  struct stat info {};
  if (::lstat(dir.c_str(), &info) != 0) return state_error(dir, "look at", errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 077) != 0)
    return make_error(Code::plugin_state_dir,
                      dir.string() + " must be a directory of the host's own user with mode 0700, for it holds the code that runs");
  return {};
}

Result<void> check_may_execute(const fs::path& state_dir) {
  struct statvfs about {};
  if (::statvfs(state_dir.c_str(), &about) != 0 || (about.f_flag & ST_NOEXEC) == 0) return {};
  return make_error(Code::plugin_state_dir,
                    state_dir.string() + ", where the code that runs is kept, lies on a file system that is mounted noexec: nothing can be loaded "
                    "from there; mount it without, or set plugins.state_dir to another folder", Retry::later);
}

Result<PrivateCopy> take_in(const fs::path& file, const fs::path& state_dir, const IntakeLimits& limits) {
  std::error_code failed;
  const fs::path dir = fs::canonical(file.parent_path(), failed);
  if (failed) return cannot_open(file.parent_path(), failed.value());
  const auto source = open_source(file, dir);
  if (!source) return source.error();
  struct stat info {};
  if (::fstat(source->get(), &info) != 0)
    return make_error(Code::plugin_unreadable, "cannot look at " + file.string() + ": " + system_text(errno), Retry::later);
  if (auto error = distrust_file(file, info, limits)) return *error;
  if (auto error = distrust_path(dir)) return *error;

  auto reused = reuse_copy(source->get(), file, state_dir, info);
  if (!reused || !reused->sha256.empty()) return reused;

  fs::path unfinished;
  const auto made = create_copy(state_dir, unfinished);
  if (!made) return made.error();
  const Descriptor& copy = *made;
  TemporaryFile temporary(unfinished);
  if (::fchmod(copy.get(), 0500) != 0) return state_error(temporary.path(), "set the mode of", errno);
  if (auto copied = copy_bytes(source->get(), file, copy.get(), temporary.path(), limits); !copied) return copied.error();
  if (auto unchanged = check_unchanged(source->get(), file, info); !unchanged) return unchanged.error();
  // The hash is taken from the copy: these are the bytes that will be mapped.
  auto hash = sha256_hex_of_fd(copy.get());
  if (!hash) return hash.error();
  const fs::path target = state_dir / (*hash + file.extension().string());
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) return state_error(target, "name", errno);
  temporary.keep();
  return PrivateCopy{target, *hash, true};
}

Result<PrivateCopy> keep_text(const std::string& text, const fs::path& state_dir) {
  const std::string hash = sha256_hex(text);
  const fs::path target = state_dir / (hash + ".yaml");
  if (const auto same = hash_file(target); same && *same == hash) return PrivateCopy{target, hash};
  fs::path unfinished;
  const auto copy = create_copy(state_dir, unfinished);
  if (!copy) return copy.error();
  TemporaryFile temporary(unfinished);
  if (!write_all(copy->get(), text.data(), text.size())) return state_error(temporary.path(), "write", errno);
  if (::fchmod(copy->get(), 0500) != 0) return state_error(temporary.path(), "set the mode of", errno);
  if (::rename(temporary.path().c_str(), target.c_str()) != 0) return state_error(target, "name", errno);
  temporary.keep();
  return PrivateCopy{target, hash, true};
}

Result<std::string> read_copy(const PrivateCopy& copy, std::uint64_t max_bytes) {
  const Descriptor fd(::open(copy.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info {};
  if (!fd.is_open() || ::fstat(fd.get(), &info) != 0) return cannot_open(copy.path, errno);
  if (static_cast<std::uint64_t>(info.st_size) > max_bytes)
    return make_error(Code::plugin_too_large, "it has " + std::to_string(info.st_size) + " bytes, more than the limit of " + std::to_string(max_bytes));
  auto text = read_whole(fd.get(), copy.path, info);
  if (!text) return text.error();
  if (sha256_hex(*text) != copy.sha256) return make_error(Code::plugin_untrusted_file, "its private copy " + copy.path.string() + " was altered");
  return text;
}

Result<std::string> read_trusted(const fs::path& file, std::uint64_t max_bytes) {
  std::error_code failed;
  const fs::path dir = fs::canonical(file.parent_path(), failed);
  if (failed) return cannot_open(file.parent_path(), failed.value());
  const auto source = open_source(file, dir);
  if (!source) return source.error();
  struct stat info {};
  if (::fstat(source->get(), &info) != 0) return cannot_open(file, errno);
  if (auto error = distrust_file(file, info, {max_bytes})) return *error;
  if (auto error = distrust_path(dir)) return *error;
  auto text = read_whole(source->get(), file, info);
  if (!text) return text.error();
  if (auto unchanged = check_unchanged(source->get(), file, info); !unchanged) return unchanged.error();
  return text;
}

Result<void> sync_copy(const fs::path& copy) {
  const Descriptor fd(::open(copy.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  // Gone meanwhile, it needs no keeping.
  if (!fd.is_open() || ::fsync(fd.get()) == 0) return {};
  return state_error(copy, "sync", errno);
}

Result<std::string> hash_file(const fs::path& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open())
    return make_error(Code::plugin_unreadable, "cannot open " + file.string() + ": " + system_text(errno), retry_of(errno));
  return sha256_hex_of_fd(fd.get());
}

}  // namespace tasker::plugin
