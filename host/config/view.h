// The effective configuration for people: every key, its value with secrets masked, where the value came from; and what
// changed between two configurations. Pure. [any] thread.
#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace tasker::config {

struct ViewRow {
  std::string key;     // "engine.workers"
  std::string value;   // for people
  std::string json;    // the same as JSON
  std::string origin;  // "default", or of Origins
};

std::vector<ViewRow> view_of(const Settings& settings, const Origins& origins);

struct Change {
  std::string key, before, after;  // values for people
  bool is_reloadable = false;
};

std::vector<Change> changes_between(const Settings& before, const Settings& after);

// From now on no log line and no view shows the secrets of this configuration.
void hide_secrets_of(const Settings& settings);

}  // namespace tasker::config
