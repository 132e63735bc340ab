// What the host knows about one plugin file: which version it claims to be, how far it came, and why it was
// refused. A value, copied freely; the loader owns the originals. It is what `tasker plugin list` shows.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace tasker::plugin {

// SETTLING -> INTAKE -> INSPECTED -> LOADING -> ACTIVE <-> DRAINING; any but the last two may end in REFUSED.
// The check in a child process will stand between INSPECTED and LOADING.
enum class PluginState { settling, intake, inspected, loading, active, draining, refused };

std::string_view plugin_state_text(PluginState state);

struct PluginRecord {
  std::string namespace_name;
  std::string name;
  std::string version;  // as people write it; a development build says "1.0.0+dev.<8 digits of its hash>"
  std::string sha256;   // hex; empty while the bytes have not been read
  PluginState state = PluginState::settling;
  std::string code;     // stable code of a refusal, else empty
  std::string reason;   // one sentence for people, may be empty
  std::string path;     // where the file was dropped
  std::chrono::system_clock::time_point since;  // of this state
};

}  // namespace tasker::plugin
