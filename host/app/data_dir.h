// The folder that `tasker dev` owns: where each thing lies in it, the lock that keeps a second host out, and the
// file that tells client verbs the address. Nothing of it is used by `tasker serve`.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace tasker::app {

struct DataDir {
  std::filesystem::path root;

  std::filesystem::path pgdata() const { return root / "pgdata"; }
  std::filesystem::path socket_dir() const { return root / "socket"; }
  std::filesystem::path postgres_log() const { return root / "postgres.log"; }
  std::filesystem::path host_log() const { return root / "tasker.log"; }
  std::filesystem::path plugins() const { return root / "plugins"; }
  std::filesystem::path plugin_cache() const { return root / "plugin-cache"; }
  std::filesystem::path lock_file() const { return root / "lock"; }
  std::filesystem::path address_file() const { return root / "address"; }
};

// $TASKER_DATA, else $XDG_DATA_HOME/tasker/dev, else ~/.local/share/tasker/dev; /var/lib/tasker/dev for root, whose
// home is closed to the account that PostgreSQL runs under.
DataDir default_data_dir();

// Makes the folder (0755) and its plugins folder. An error names what stands in the way.
Result<DataDir> create_data_dir(const std::filesystem::path& root);

// Held while a host uses the folder; the kernel lets go of it however the host ends. A host that was killed a moment ago
// still has it until the kernel has taken it down, so `take` tries again for that long.
class DataDirLock {
 public:
  static Result<DataDirLock> take(const DataDir& dir, std::chrono::milliseconds patience = std::chrono::seconds(2));
  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&& other) noexcept;
  ~DataDirLock();

 private:
  explicit DataDirLock(int file) : file_(file) {}
  int file_ = -1;
};

// "http://127.0.0.1:8765", written in one step so that a reader never sees half of it.
Result<void> write_address(const DataDir& dir, const std::string& url);
std::optional<std::string> read_address(const DataDir& dir);
void remove_address(const DataDir& dir);

}  // namespace tasker::app
