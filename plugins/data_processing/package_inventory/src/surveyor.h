// The plugin's state: the folders, constant after construction, and the six steps as members. Results stay
// small (counts, tables of names); what is larger goes through a Snapshot. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include <filesystem>

#include "snapshot.h"

namespace package_inventory {

class Surveyor {
 public:
  // [loader] Throws tasker::PermanentError `config.invalid` naming the key or the folder that is wrong.
  explicit Surveyor(const tasker::Json& config);

  // [worker]
  tasker::Json parse(tasker::Call& call) const;
  tasker::Json sizes_by_section(tasker::Call& call) const;
  tasker::Json dependency_graph(tasker::Call& call) const;
  tasker::Json maintainers(tasker::Call& call) const;
  tasker::Json find_orphans(tasker::Call& call) const;
  tasker::Json report(tasker::Call& call) const;

 private:
  Snapshot snapshot_from(const tasker::Json& result) const;

  std::filesystem::path status_file_;
  std::filesystem::path work_dir_;
  std::filesystem::path report_dir_;
};

}  // namespace package_inventory
