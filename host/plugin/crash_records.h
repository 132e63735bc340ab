// What hosts that crashed left in a state folder: a file each, written by a signal handler (crash_report.h), read by
// the next host that has the folder and taken away once it is noted in the database. Not what people read: that is the log.
// Hosts may share a folder; each record is noted once. Blocks on disk; [db].
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/ports.h"

namespace tasker::plugin {

// The file of this process in its state folder.
std::string crash_record_name(std::string_view process);

class CrashFolder final : public engine::CrashRecords {
 public:
  explicit CrashFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Removes files that are not a record, with a warning, and what was left half written a day ago.
  std::vector<engine::CrashRecord> read() override;
  void forget(const engine::CrashRecord& record) override;
  void forget_if_old(const engine::CrashRecord& record) override;  // after a week

 private:
  const std::filesystem::path folder_;
};

}  // namespace tasker::plugin
