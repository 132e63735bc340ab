// The only place that calls into a plugin, and the only place that catches everything: what a plugin throws ends
// here, in words. run_handler is the hot path: beyond the plugin's own work it costs well under 2 microseconds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/ports.h"
#include "plugin/host_table.h"
#include "tasker/plugin.h"

namespace tasker::plugin {

class LoadedPlugin;

// [worker] Runs one attempt; `done` is called exactly once, here or from a thread of the plugin's.
void run_handler(HostTable& host, void* self, const tasker_handler& handler, const engine::AttemptInput& input,
                 std::function<void(engine::AttemptOutcome)> done);

// How Code::plugin_init_failed begins when an exception left init(), and what it is when init() gave no reason.
inline constexpr std::string_view kInitThrew = "its init() threw: ";
inline constexpr std::string_view kInitGaveNoReason = "its init() failed: no reason given";

// [loader] The state that init built, or why it failed.
Result<void*> call_init(const tasker_plugin& plugin, const HostTable& host, const std::string& config,
                        const std::string& crash_note = {});
void call_drain(const tasker_plugin& plugin, void* self, const std::string& source);
void call_fini(const tasker_plugin& plugin, void* self, const std::string& source);

// One handler a step, handlers[ord - 1]; each keeps the plugin loaded.
std::vector<std::shared_ptr<engine::Handler>> make_handlers(const std::shared_ptr<LoadedPlugin>& plugin);

}  // namespace tasker::plugin
