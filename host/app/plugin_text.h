// What the API says of one plugin version, read and told to people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/terminal.h"
#include "base/result.h"

namespace tasker::app {

struct PluginView {
  std::string namespace_name, name, version, state, code, reason;
  std::int64_t hosts = 0, quarantined_hosts = 0, open_tasks = 0;
  bool more_open_tasks = false;
  std::string oldest_task, oldest_task_at, next_wake, since;
  bool is_retired = false, is_default = false, is_pinned = false;
};
Result<PluginView> read_plugin(std::string_view json);

// Hosts run it, and it is quarantined on none.
bool runs(const PluginView& plugin);
// No host has it, no open task needs it, and what became of it is known.
bool has_left(const PluginView& plugin);
// "shop/cart 1.0.0 is draining on 1 host: 2 open tasks have it, the oldest is task 42, the next delayed step is due at ..."
std::string sentence_of(const PluginView& plugin);
// Everything, a label and a text a line.
Result<std::string> text_of_plugin(std::string_view json, const Terminal& terminal);
// "tasks of shop/cart without a version take 1.4.0, which is pinned"
Result<std::string> sentence_of_default(std::string_view json);

}  // namespace tasker::app
