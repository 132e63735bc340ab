#include "plugin/plugin_record.h"

namespace tasker::plugin {

std::string_view plugin_state_text(PluginState state) {
  switch (state) {
    case PluginState::settling:
      return "settling";
    case PluginState::intake:
      return "intake";
    case PluginState::inspected:
      return "inspected";
    case PluginState::probing:
      return "probing";
    case PluginState::loading:
      return "loading";
    case PluginState::active:
      return "active";
    case PluginState::draining:
      return "draining";
    case PluginState::quarantined:
      return "quarantined";
    case PluginState::refused:
      return "refused";
    case PluginState::unavailable:
      return "unavailable";
    case PluginState::finishing:
      return "finishing";
    case PluginState::closing:
      return "closing";
    case PluginState::unloaded:
      return "unloaded";
    case PluginState::resident:
      return "resident";
    case PluginState::stuck:
      return "stuck";
  }
  return "unknown";
}

}  // namespace tasker::plugin
