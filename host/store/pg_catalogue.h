// Writes plugins and templates into the catalogue. Plain arguments: the plugin folder has a port of its own, and app
// joins the two. Replies come on a [db] thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "store/connection.h"
#include "store/gather.h"

namespace tasker::store {

struct PublishedPlugin {
  PluginId plugin_id{};
  TemplateId template_id{};
};

// One version of a plugin as the catalogue keeps it.
struct PluginVersion {
  std::string namespace_name;
  std::string name;
  std::string version;
  std::string sha256;
};

// A version that open tasks have and a host has not loaded.
struct NeededPlugin {
  PluginVersion plugin;
  std::int64_t open_tasks = 0;  // 1001 stands for more than 1000
  std::int64_t hosts = 0;  // living ones that have loaded it
};

// What still needs a version.
struct VersionNeed {
  TemplateId template_id{};
  std::int64_t tasks = 0;  // open; 1001 stands for more than 1000
  TaskId oldest{};         // 0: none
  std::string next_wake;   // when the next of its delayed steps falls due; empty: none is delayed
};

// What operators decided, for all hosts (sql/functions/plugin_orders.sql).
struct PluginOrder {
  std::string kind;  // "retired", "default", "banned", "retried"
  PluginVersion plugin;
  std::string code, reason;  // of a ban, as people read it
};
struct PluginOrderList {
  std::int64_t revision = 0;
  std::vector<PluginOrder> orders;
};

class PgCatalogue {
 public:
  PgCatalogue(Connection& writes, Connection& reads);

  // Stores plugin and template, or finds them; Code::plugin_version_immutable when this version has other bytes.
  // `definition` is read before the call returns.
  void publish(HostId host, const PluginVersion& plugin, const model::TaskTemplate& definition,
               engine::Reply<PublishedPlugin> reply);
  // `state`: a name of PluginState from active on; code and reason say why it is not active.
  void note_state(HostId host, const PluginVersion& plugin, const std::string& state, const std::string& code,
                  const std::string& reason, engine::Reply<int> reply);
  void needed(HostId host, engine::Reply<std::vector<NeededPlugin>> reply);
  void needs(const std::vector<TemplateId>& templates, engine::Reply<std::vector<VersionNeed>> reply);
  // Nothing when that revision is still the one.
  void orders(std::int64_t seen, engine::Reply<std::optional<PluginOrderList>> reply);
  // Bytes that crashed what ran them; code and reason as this host saw it, which knew the orders up to revision `seen`.
  void ban(HostId host, const PluginVersion& plugin, const std::string& code, const std::string& reason, std::int64_t seen,
           engine::Reply<int> reply);
  // For versions that this host does not run in its own process.
  void note_isolation(HostId host, PluginId plugin, const std::string& isolation, engine::Reply<int> reply);

 private:
  // A version to be published, or a state to be noted: in the order they came, many in one transaction.
  struct Change {
    HostId host{};
    Params params;  // of the call for it alone
    std::string label;  // batches are sorted by it, so that those of two hosts do not lock crosswise
    std::optional<engine::Reply<PublishedPlugin>> published;  // one of the two
    std::optional<engine::Reply<int>> noted;

    std::size_t units() const { return 1; }
    void refuse(const Error& error) const { published ? (*published)(error) : (*noted)(error); }
  };
  static void write(Session& session, std::vector<Change> changes);
  static void write_alike(Session& session, std::vector<Change>::iterator first, std::vector<Change>::iterator last);
  static void write_one(Session& session, const Change& change);

  Gather<Change> changes_;
  Connection& writes_;
  Connection& reads_;
};

// The steps as publish_plugin reads them: a JSON array.
std::string steps_as_json(const model::TaskTemplate& definition);

}  // namespace tasker::store
