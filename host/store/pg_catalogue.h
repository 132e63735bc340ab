// Writes plugins and templates into the catalogue. Plain arguments: the plugin folder has a port of its own, and app
// joins the two. Replies come on a [db] thread.
#pragma once

#include <string>

#include "engine/ports.h"
#include "store/connection.h"

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

class PgCatalogue {
 public:
  explicit PgCatalogue(Connection& connection) : connection_(connection) {}

  // Stores plugin and template, or finds them; Code::plugin_version_immutable when this version has other bytes.
  // `definition` is read before the call returns.
  void publish(HostId host, const PluginVersion& plugin, const model::TaskTemplate& definition,
               engine::Reply<PublishedPlugin> reply);
  // `state`: active, draining, refused, unloaded; code and reason say why it was refused.
  void note_state(HostId host, const PluginVersion& plugin, const std::string& state, const std::string& code,
                  const std::string& reason, engine::Reply<int> reply);

 private:
  Connection& connection_;
};

// The steps as publish_plugin reads them: a JSON array.
std::string steps_as_json(const model::TaskTemplate& definition);

}  // namespace tasker::store
