// Joins the plugin folder to the store, which do not know each other: what the loader publishes goes into the
// database's catalogue under this host's id, and again under the next id when the host had to register anew.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/ports.h"
#include "plugin/catalogue.h"
#include "plugin/registry.h"
#include "store/pg_catalogue.h"

namespace tasker::app {

class CatalogueBridge final : public plugin::Catalogue {
 public:
  explicit CatalogueBridge(store::PgCatalogue& catalogue) : catalogue_(catalogue) {}

  // [engine] A life of this host began.
  void host_registered(HostId host);

  void publish(const plugin::PluginRecord& record, const model::TaskTemplate* definition,
               std::function<void(Result<plugin::PublishedIds>)> done) override;
  void note_state(const plugin::PluginRecord& record) override;
  void find_needed(std::function<void(Result<std::vector<plugin::NeededVersion>>)> done) override;
  void find_orders(std::int64_t seen, std::function<void(Result<std::optional<plugin::PluginOrders>>)> done) override;
  void ban(const plugin::BannedBytes& bytes, std::function<void(Result<void>)> done) override;
  void find_needs(const std::vector<TemplateId>& templates,
                  std::function<void(Result<std::vector<plugin::VersionNeed>>)> done) override;

 private:
  struct Published {
    store::PluginVersion version;
    std::shared_ptr<const model::TaskTemplate> definition;
    HostId host{};  // the life it was last published for
    bool draining = false;
    std::string quarantine;  // why; empty: it is not
    bool isolated = false;
  };
  // What a former life of this host published is published for this one. A failure is made good by the next call: the
  // loader asks for needed versions again and again, and each asking ends here.
  void publish_again();
  void note_isolated(HostId host, PluginId plugin, const std::string& name);
  void note(HostId host, const store::PluginVersion& version, plugin::PluginState state, const std::string& code,
            const std::string& reason);

  store::PgCatalogue& catalogue_;
  std::mutex mutex_;  // guards all below
  HostId host_{};     // 0: not registered yet
  std::map<std::string, Published> published_;  // by "namespace/name version": what this host has loaded
};

// Finds the template that is meant among those loaded here. [any]
class RegistryResolver final : public engine::TemplateResolver {
 public:
  explicit RegistryResolver(const plugin::Registry& registry) : registry_(registry) {}
  Result<engine::ResolvedTemplate> resolve(const std::string& namespace_name, const std::string& name,
                                           const std::string& version) const override;

 private:
  const plugin::Registry& registry_;
};

}  // namespace tasker::app
