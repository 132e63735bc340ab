#include "plugin/watcher.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "plugin/file_name.h"
#include "plugin/system_fault.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM |
                                  IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// A burst of events is one look.
constexpr auto kBurst = std::chrono::milliseconds(10);
// After a look that failed for something that may pass soon.
constexpr auto kSoon = std::chrono::milliseconds(1000);
constexpr std::size_t kMaxFiles = 20'000;

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_from(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim), info.st_mode};
}

}  // namespace

struct Watcher::Impl : std::enable_shared_from_this<Watcher::Impl> {
  Impl(asio::io_context& io, fs::path dir, std::chrono::milliseconds every, std::function<void(const Look&)> callback)
      : folder(std::move(dir)), rescan(every), on_look(std::move(callback)), events(io), burst(io), timer(io) {}

  const fs::path folder;
  const std::chrono::milliseconds rescan;
  const std::function<void(const Look&)> on_look;

  asio::posix::stream_descriptor events;
  asio::steady_timer burst, timer;
  bool look_is_due = false, is_stopped = false;
  bool fails_for_a_while = false;  // the look that goes on
  int folder_watch = -1;
  std::map<int, std::string> watched;  // descriptor -> namespace
  std::set<std::string> being_written;

  void read_events() {
    events.async_wait(asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& error) {
                        if (error || self->is_stopped) return;
                        self->drain_events();
                        self->look_soon();
                        self->read_events();
                      });
  }

  void drain_events() {
    alignas(inotify_event) char buffer[64 * 1024];
    for (;;) {
      const ssize_t size = ::read(events.native_handle(), buffer, sizeof(buffer));
      if (size <= 0) return;
      for (ssize_t at = 0; at < size;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        take_event(*event);
      }
    }
  }

  void take_event(const inotify_event& event) {
    if (event.mask & IN_Q_OVERFLOW) {
      log_warn("plugins folder: more events than the system kept; looking at everything again");
      being_written.clear();
      return;
    }
    if (event.mask & IN_IGNORED) watched.erase(event.wd);
    const auto found = watched.find(event.wd);
    if (found == watched.end() || event.len == 0 || (event.mask & IN_ISDIR)) return;
    const std::string file = found->second + "/" + event.name;
    if (event.mask & (IN_CREATE | IN_MODIFY)) being_written.insert(file);
    if (event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)) being_written.erase(file);
  }

  void look_soon(std::chrono::milliseconds pause = kBurst) {
    if (look_is_due) return;
    look_is_due = true;
    burst.expires_after(pause);
    burst.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->is_stopped) self->look(false);
    });
  }

  void look_later() {
    timer.expires_after(rescan);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->is_stopped) return;
      self->look_later();  // first: a look that throws must not be the last one
      self->look(true);
    });
  }

  // Watches first, then reads: what is added in between comes as an event.
  void look(bool is_periodic) {
    look_is_due = false;
    Look seen;
    seen.is_periodic = is_periodic;
    folder_watch = ::inotify_add_watch(events.native_handle(), folder.c_str(), kEvents);
    if (folder_watch < 0) skip(seen, folder.string(), Code::plugin_unreadable, std::strerror(errno));
    fails_for_a_while = false;
    const int failed = for_each_in(folder, [&](const fs::path& dir) { look_at_namespace(dir, seen); });
    if (failed != 0) skip(seen, folder.string(), Code::plugin_unreadable, std::string("it cannot be read: ") + std::strerror(failed));
    seen.is_blind = has_hidden(failed);
    std::erase_if(being_written, [&](const std::string& file) { return seen.shows_gone(file); });
    if (fails_for_a_while) look_soon(kSoon);
    on_look(seen);
  }

  // The errno that ended it, or 0.
  template <class Act>
  static int for_each_in(const fs::path& dir, Act act) {
    std::error_code error;
    for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) act(entry->path());
    return error.value();
  }

  // Whether this failure may hide files that are there.
  bool has_hidden(int failed) {
    if (failed == 0 || is_gone(failed)) return false;
    if (retry_of(failed) == Retry::later) fails_for_a_while = true;
    return true;
  }

  void look_at_namespace(const fs::path& dir, Look& seen) {
    const std::string name = dir.filename().string();
    if (name.starts_with(".")) return;
    struct stat info {};
    if (::lstat(dir.c_str(), &info) != 0) {
      if (has_hidden(errno)) seen.unread.insert(name);
      return;
    }
    if (!S_ISDIR(info.st_mode))
      return skip(seen, name, Code::plugin_path_mismatch,
                  "it is not a namespace directory; plugins lie in plugins/<namespace>/");
    if (const auto fits = parse_file_name(name, "a-1.0.0.so"); !fits)
      return skip(seen, name, fits.error().code, "it is not a namespace: lower-case letters, digits and _ only");
    const int watch = ::inotify_add_watch(events.native_handle(), dir.c_str(), kEvents);
    if (watch >= 0)
      watched[watch] = name;
    else
      skip(seen, name + "/", Code::plugin_unreadable, std::string("it cannot be watched: ") + std::strerror(errno));
    const int failed = for_each_in(dir, [&](const fs::path& file) { look_at_file(name, file, seen); });
    if (failed != 0) skip(seen, name + "/", Code::plugin_unreadable, std::string("it cannot be read: ") + std::strerror(failed));
    if (has_hidden(failed)) seen.unread.insert(name);
  }

  void look_at_file(const std::string& space, const fs::path& path, Look& seen) {
    const std::string file = path.filename().string();
    if (file.starts_with(".")) return;
    if (seen.files.size() + seen.ignored.size() >= kMaxFiles) {
      seen.unread.insert(space);
      return skip(seen, "more files", Code::plugin_too_large, "there are more than 20000 files");
    }
    const std::string both = space + "/" + file;
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      if (has_hidden(errno)) seen.unread.insert(space);
      return;
    }
    if (S_ISDIR(info.st_mode))
      return skip(seen, both, Code::plugin_path_mismatch,
                  "it is a directory; plugins lie right in plugins/<namespace>/, and nothing below is looked at");
    if (const auto name = parse_file_name(space, file); !name)
      return skip(seen, both, name.error().code, without_name(file, name.error().message));
    // Links are handed on, so that their refusal is visible.
    if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode))
      return skip(seen, both, Code::plugin_untrusted_file, "it is not a regular file");
    seen.files[both] = {stamp_from(info), S_ISREG(info.st_mode) && info.st_nlink == 1 && being_written.contains(both)};
  }

  // What is said of a file is said behind its name.
  static std::string without_name(const std::string& file, const std::string& why) {
    const std::string name = file + ": ";
    return why.starts_with(name) ? why.substr(name.size()) : why;
  }

  static void skip(Look& seen, const std::string& what, Code code, const std::string& why) {
    seen.ignored[what] = {code, why};
  }
};

Watcher::Watcher(asio::io_context& io, fs::path folder, std::chrono::milliseconds rescan,
                 std::function<void(const Look&)> on_look)
    : impl_(std::make_shared<Impl>(io, std::move(folder), rescan, std::move(on_look))) {}

Watcher::~Watcher() { stop(); }

Result<void> Watcher::start() {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0)
    return make_error(Code::plugin_unreadable, std::string("cannot watch the plugins folder: ") + std::strerror(errno));
  impl_->events.assign(fd);
  asio::post(impl_->events.get_executor(), [impl = impl_] {
    if (impl->is_stopped) return;
    impl->read_events();
    impl->look_later();
    impl->look(false);
  });
  return {};
}

void Watcher::stop() {
  impl_->is_stopped = true;
  boost::system::error_code ignored;
  impl_->events.close(ignored);
  impl_->burst.cancel();
  impl_->timer.cancel();
}

std::optional<FileStamp> Watcher::stamp_of(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return stamp_from(info);
}

}  // namespace tasker::plugin
