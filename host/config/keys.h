// The list of configuration keys, once: how each is read from YAML, how its value is shown, whether it may hold a secret
// and whether a running host takes a new value. Everything that speaks of "every key" walks this list. [any] thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace tasker::yaml {
struct Node;
}

namespace tasker::config {

// What a key wants instead of what it got; empty when it took the value.
using Problem = std::string;

struct Shown {
  std::string value;     // JSON, unless it is a text
  bool is_text = false;
};

struct Key {
  std::string_view section;  // empty: outside the sections
  std::string_view name;
  std::function<Problem(Settings&, const yaml::Node&)> set;
  std::function<Shown(const Settings&)> show;
  bool may_be_secret = false;  // then a variable may name a file with the value
  bool is_reloadable = false;

  std::string path() const;      // "engine.workers"
  std::string variable() const;  // "TASKER_ENGINE__WORKERS"
};

const std::vector<Key>& keys();
bool is_section(std::string_view name);

}  // namespace tasker::config
