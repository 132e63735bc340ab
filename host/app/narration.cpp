#include "app/narration.h"

#include <unistd.h>

#include <cstdio>

#include <spdlog/fmt/fmt.h>

#include "app/terminal.h"

namespace tasker::app {
namespace {

constexpr std::string_view kUsualPort = ":8765";

}  // namespace

void say(const std::string& line) {
  const auto whole = line + "\n";
  (void)!std::fwrite(whole.data(), 1, whole.size(), stderr);
}

void say_started(const HostPlaces& places, const DataDir& data) {
  say(fmt::format("tasker is running at {}", places.url));
  say(fmt::format("  plugins   drop <name>-<version>.so into {}/<namespace>/", places.plugins));
  say(fmt::format("  data      {} (wipe the database with: {} --clean)", data.root.string(), places.command));
  say(fmt::format("  logs      {} (the host and what handlers log), {} (the database)",
                  places.log.empty() ? "stderr" : places.log, data.postgres_log().string()));
  // Client verbs look there by themselves.
  if (places.url.find(kUsualPort) == std::string::npos) say("  clients   export TASKER_SERVER=" + places.url);
  say("  stop      Ctrl-C; once more to end at once");
}

void say_warning_about_root() {
  if (::geteuid() == 0)
    say("warning: tasker runs as root, and so do the handlers of every plugin. Prefer an ordinary user.");
}

std::string sentence_about(const plugin::PluginRecord& plugin) {
  const auto name = printable(plugin.name.empty() ? plugin.path
                                                  : fmt::format("{}/{} {}", plugin.namespace_name, plugin.name,
                                                                plugin.version));
  switch (plugin.state) {
    case plugin::PluginState::active: return fmt::format("plugin {} is active", name);
    case plugin::PluginState::draining: return fmt::format("plugin {} is draining: {}", name, printable(plugin.reason));
    case plugin::PluginState::unavailable:
      return fmt::format("open tasks wait for plugin {}, which no living host has loaded: {} ({})", name,
                         printable(plugin.reason), printable(plugin.code));
    case plugin::PluginState::unloaded:
    case plugin::PluginState::resident:
    case plugin::PluginState::stuck:
      return fmt::format("plugin {} is {}: {}", name, plugin::plugin_state_text(plugin.state), printable(plugin.reason));
    case plugin::PluginState::quarantined:
    case plugin::PluginState::refused:
      return fmt::format("plugin {} is {}: {}: {}", name, plugin::plugin_state_text(plugin.state), printable(plugin.code), printable(plugin.reason));
    default: return {};
  }
}

}  // namespace tasker::app
