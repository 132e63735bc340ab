// What is checked: one plugin file, and what its author gives it to work with.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "plugin/manifest.h"

namespace tasker::checker {

struct Subject {
  std::filesystem::path file{};   // absolute, without symbolic links
  plugin::InspectReport report{};
  std::string config = "{}";      // JSON for init(); {folder} in it is a check's own folder
  std::string context = "{}";     // JSON: the context of the attempts that are not about bad input
  std::chrono::milliseconds limit{10'000};  // for each thing that a check does

  std::string label() const {
    const auto& task = *report.definition;
    return task.namespace_name + "/" + task.name + " " + task.version.text();
  }
  // The same with {folder} filled in: plugins that keep files want an absolute path.
  Subject in(const std::filesystem::path& folder) const;
};

}  // namespace tasker::checker
