// What the host knows about one plugin file: which version it claims to be, how far it came, and why it was
// refused. A value, copied freely; the loader owns the originals. It is what `tasker plugin list` shows.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/error_codes.h"

namespace tasker::plugin {

// SETTLING -> INTAKE -> INSPECTED -> PROBING -> LOADING -> ACTIVE <-> DRAINING; any but the last two may end in REFUSED.
// These two -> QUARANTINED when its runners crash over and over: held, and not run before an operator says so; then back.
// DRAINING (or QUARANTINED, when it would drain) -> FINISHING -> CLOSING -> UNLOADED, or RESIDENT when its code stays in the process all the same. STUCK: it drains or
// finishes, and what it waits for has not come for too long. UNAVAILABLE is no file's state: open tasks have a version that no
// living host can load.
enum class PluginState {
  settling, intake, inspected, probing, loading, active, draining, quarantined, refused, unavailable, finishing, closing, unloaded, resident, stuck
};
constexpr PluginState kPluginStates[] = {
    PluginState::settling, PluginState::intake,   PluginState::inspected, PluginState::probing,     PluginState::loading,
    PluginState::active,   PluginState::draining, PluginState::quarantined, PluginState::refused, PluginState::unavailable,
    PluginState::finishing, PluginState::closing, PluginState::unloaded, PluginState::resident, PluginState::stuck};

// How often plugin versions came into each state, in the order of kPluginStates.
using TransitionCounts = std::array<std::uint64_t, std::size(kPluginStates)>;

std::string_view plugin_state_text(PluginState state);

struct PluginRecord {
  std::string namespace_name;
  std::string name;
  std::string version;  // as people write it; a development build says "1.0.0+dev.<8 digits of its hash>"
  std::string sha256;   // hex; empty while the bytes have not been read
  PluginState state = PluginState::settling;
  std::string code;     // stable code of a refusal or quarantine, else empty
  std::string reason;   // one sentence for people, may be empty
  std::string path;     // where the file was dropped
  std::chrono::system_clock::time_point since;  // of this state
  bool is_isolated = false;  // its code runs in a process of its own
};

// Why something in the plugins folder is no plugin.
struct Oddity {
  Code code = Code::plugin_path_mismatch;
  std::string reason;
};

// The same for people, with its place below the folder: "<namespace>/<file>".
struct IgnoredFile {
  std::string file;
  std::string code;
  std::string reason;
  std::chrono::system_clock::time_point since;
};

}  // namespace tasker::plugin
