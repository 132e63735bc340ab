// The port through which the loader puts a plugin into the database's catalogue before anybody may use it. The
// app wires it to the store; this folder never sees SQL. Called on the loader's thread; must not block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/task_template.h"
#include "plugin/plugin_record.h"
#include "plugin/version_index.h"

namespace tasker::plugin {

struct PublishedIds {
  PluginId plugin{};
  TemplateId template_id{};
};

// A version that open tasks have and this host has not loaded.
struct NeededVersion {
  std::string namespace_name;
  std::string name;
  std::string version;  // as in PluginRecord
  std::string sha256;
  std::int64_t open_tasks = 0;
  std::int64_t hosts = 0;  // living ones that have loaded it
};

// What still needs a version, of all hosts.
struct VersionNeed {
  TemplateId template_id{};
  std::int64_t tasks = 0;  // open; 1001 stands for more than 1000
  std::int64_t oldest = 0;
  std::string next_wake;   // when the next of its delayed steps falls due; empty: none is delayed
};

// What operators decided about versions, on whatever host (sql/functions/plugin_orders.sql).
struct RetiredVersion {
  std::string namespace_name, name, version, sha256;
  auto operator<=>(const RetiredVersion&) const = default;
};
struct RetriedVersion {
  std::string namespace_name, name, version, sha256;
};
// Bytes that crashed what ran them, with the sentence that they are refused with.
struct BannedBytes {
  std::string namespace_name, name, version, sha256, code, reason;
  std::int64_t seen = 0;  // the revision of the orders that its finder knew
  bool operator==(const BannedBytes&) const = default;
};
struct PluginOrders {
  std::int64_t revision = 0;  // grows with every decision
  std::vector<RetiredVersion> retired;
  std::vector<PinnedDefault> defaults;
  std::vector<BannedBytes> banned;
  std::vector<RetriedVersion> retried;  // since the revision that was seen; none when nothing was
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;

  // [loader] Stores plugin and template, or finds them when they are already there with the same hash and digest.
  // `done` comes once, on any thread. An error with Retry::later is tried again with growing pauses; with
  // Retry::never the plugin is refused with that error (Code::plugin_version_immutable: the version exists with
  // other bytes). Both pointers may be kept no longer than this call.
  virtual void publish(const PluginRecord& record, const model::TaskTemplate* definition,
                       std::function<void(Result<PublishedIds>)> done) = 0;

  // [loader] The plugin came into a state from active on. Best effort: nobody waits for it.
  virtual void note_state(const PluginRecord& record) = 0;

  // [loader] `done` comes once, on any thread.
  virtual void find_needed(std::function<void(Result<std::vector<NeededVersion>>)> done) = 0;

  // [loader] All orders when their revision is another than `seen`, else nothing. `done` comes once, on any thread.
  virtual void find_orders(std::int64_t seen, std::function<void(Result<std::optional<PluginOrders>>)> done) = 0;

  // [loader] No host tries these bytes again before an operator says so; `reason` is what happened. Nothing when one has said
  // so since the revision that was seen: then this host hears of it. `done` comes once, on any thread.
  virtual void ban(const BannedBytes& bytes, std::function<void(Result<void>)> done) = 0;

  // [loader] A row for each of these templates. `done` comes once, on any thread.
  virtual void find_needs(const std::vector<TemplateId>& templates, std::function<void(Result<std::vector<VersionNeed>>)> done) = 0;
};

}  // namespace tasker::plugin
