// Sees what lies below the plugins folder: plugins/<namespace>/<file>.so. inotify says only "look again"; every look
// reads the folders anew and yields the whole set, so a lost event costs time and never truth. A look also comes at
// the start, from a timer, after an overflow and with every new watch. It opens no file. [loader]
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "plugin/plugin_record.h"
#include "plugin/settler.h"

namespace boost::asio {
class io_context;
}

namespace tasker::plugin {

struct SeenFile {
  FileStamp stamp;
  bool is_being_written = false;  // opened for writing since we watch, not closed yet
};

struct Look {
  std::map<std::string, SeenFile> files;  // by "<namespace>/<file>"
  std::map<std::string, Oddity> ignored;  // what is no plugin, and why
  std::set<std::string> unread;           // namespaces that could not be read now, all of them if is_blind
  bool is_blind = false;                  // the plugins folder itself could not be read
  bool is_periodic = false;               // from the timer: the time to try again what may have passed

  // What a failed look does not show need not be gone.
  bool shows_gone(const std::string& file) const {
    return !files.contains(file) && !is_blind && !unread.contains(file.substr(0, file.find('/')));
  }
};

class Watcher {
 public:
  Watcher(boost::asio::io_context& io, std::filesystem::path folder, std::chrono::milliseconds rescan,
          std::function<void(const Look&)> on_look);
  ~Watcher();

  // Watches and looks for the first time (from the io_context).
  Result<void> start();
  void stop();

  // The file as it is now.
  static std::optional<FileStamp> stamp_of(const std::filesystem::path& path);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tasker::plugin
