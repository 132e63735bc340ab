// Takes plugins from the folder to the registry: settle, intake, inspect, probe, load, publish; and out of it again when a
// file is removed. One state machine a file, all on the loader's own thread, which may block. Every transition is a
// log line; refusals keep a code and a sentence and stay visible.
//
// A version is immutable: the same name and version with other bytes is refused, or, in dev mode, loaded beside the
// old one as "1.0.0+dev.<8 digits of its hash>". A removed plugin stays in memory for the tasks that have it, and after a
// restart it comes back from its private copy for as long as open tasks have it. When none has it any more it is unloaded.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plugin/attempt_limits.h"
#include "plugin/catalogue.h"
#include "plugin/intake.h"
#include "plugin/plugin_record.h"
#include "plugin/registry.h"

namespace tasker::plugin {

class HeldPlugin;
struct LoadRequest;

struct LoaderOptions {
  std::filesystem::path plugins;  // made when absent
  std::filesystem::path state;    // private copies; 0700; made when absent
  bool dev = false;
  std::string environment;        // which overrides of templates apply
  std::chrono::milliseconds settle{300};
  std::chrono::milliseconds rescan{30'000};
  std::chrono::milliseconds publish_pause{250};  // before the second try; doubles up to 30 s
  std::chrono::milliseconds init_limit{30'000};  // for init(); then the plugin is refused
  std::chrono::milliseconds drain_look{1'000};  // before it is asked whether open tasks have a draining version; doubles up to `rescan`
  std::chrono::milliseconds orders_look{3'000};  // between looks for what operators decided: an idle host is cheap
  std::chrono::milliseconds drain_patience{2'000};  // for attempts that no open task waits for, before they are asked to end
  std::chrono::milliseconds drain_timeout{60'000};  // for these attempts, and for fini, before the version is called stuck
  std::chrono::milliseconds resident_look{60'000};  // between looks for what stayed in memory
  std::chrono::seconds keep_ended{600};  // how long a version that was unloaded is still shown
  std::chrono::seconds keep_copies{600};  // private copies that nothing needs are removed when they are as old as this
  std::filesystem::path allow_list;  // of the plugins that may run (allow_list.h); empty: all
  std::chrono::milliseconds allow_look{1'000};  // between looks whether it has changed
  IntakeLimits intake;
  AttemptLimits attempts;
  // The plugin's JSON from the configuration, for init(); empty: "{}". Called on the loader's thread.
  std::function<Result<std::string>(std::string_view namespace_name, std::string_view name)> config_for;
  // Runs elsewhere what opening the library runs here, and answers once, on any thread, perhaps at once; empty: it is opened
  // untried. Called on the loader's thread.
  std::function<void(const LoadRequest& request, std::function<void(Result<void>)> done)> probe;
  // What `probe` knows of these bytes counts no more. Called on the loader's thread; may be empty.
  std::function<void(const std::string& sha256)> forget_probe;
  // A plugin whose code runs elsewhere; empty or answering nullptr: in this process. Called on the loader's thread.
  std::function<Result<std::shared_ptr<HeldPlugin>>(const LoadRequest& request)> isolate;
  // "<namespace>/<name>" of the plugins that config_for has something for; those that never come are warned of.
  std::vector<std::string> configured;
  // After every transition, on the loader's thread; must not block. Already visible in plugins() and the registry.
  std::function<void(const PluginRecord&)> on_change;
  // The registry has changed; as on_change. Who holds what it showed before keeps a version that is to go.
  std::function<void()> on_registry;
  // What lies in the folder and is no plugin, once each, with a sentence for people. As on_change.
  std::function<void(const std::string& what, const std::string& why)> on_ignored;
  std::function<void(const std::string& sentence)> on_warning;
};

class Loader {
 public:
  // Both must outlive stop().
  Loader(LoaderOptions options, Catalogue& catalogue, Registry& registry);
  ~Loader();  // stops, with a second of grace

  // Makes the folders and starts the thread. Plugins come in by themselves, those already there first.
  Result<void> start();

  // Tells every plugin to drain, waits until their attempts have left, and lets them finish. Libraries stay mapped:
  // the process is about to end. What hangs is left behind. Stop the engine before. Safe to call twice; not from on_change.
  void stop(std::chrono::milliseconds grace);

  // [any] An operator has just decided something: not to be waited for until the next look.
  void hear_orders();

  // [any] How often versions came into each state.
  TransitionCounts transitions() const;
  // [any] The folder has been looked at and every file in it is active, draining or refused.
  bool has_settled() const;

  // [any] What is known now, by namespace, name and age.
  std::vector<PluginRecord> plugins() const;
  // [any] What lies in the folder and is no plugin.
  std::vector<IgnoredFile> ignored() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace tasker::plugin
