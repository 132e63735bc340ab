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
  std::string config = "{}";      // JSON for init()
  std::string context = "{}";     // JSON: the context of the attempts that are not about bad input
  std::chrono::milliseconds limit{10'000};  // for each check

  std::string label() const {
    const auto& task = *report.definition;
    return task.namespace_name + "/" + task.name + " " + task.version.text();
  }
};

}  // namespace tasker::checker
