// What the steps leave for each other in the work folder, because a step's result may hold 256 KiB only: the
// installed packages, the dependency graph, the orphans. Each file is named after the status file's content,
// so all steps of a task see the same packages even if apt runs meanwhile, and a step that runs again writes
// the same name and bytes. Nothing deletes the files; it is safe to do so when no task is running.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "inventory.h"
#include "package.h"

namespace package_inventory {

class Snapshot {
 public:
  // `id` is the fingerprint of the status file. Reads nothing yet.
  Snapshot(std::filesystem::path folder, std::string id);
  const std::string& id() const { return id_; }

  // Throw std::system_error.
  void save_packages(const std::vector<Package>& packages) const;
  void save_graph(const Graph& graph) const;
  void save_orphans(const std::vector<Package>& orphans) const;

  // Throw tasker::PermanentError `inventory.snapshot_gone`: only running the task anew makes the file again.
  std::vector<Package> packages() const;
  Graph graph() const;
  std::vector<Package> orphans() const;

 private:
  std::filesystem::path file(const char* kind) const;

  std::filesystem::path folder_;
  std::string id_;
};

}  // namespace package_inventory
