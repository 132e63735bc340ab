#include "app/catalogue_bridge.h"

#include "base/log.h"

namespace tasker::app {
namespace {

store::PluginVersion version_of(const plugin::PluginRecord& record) {
  return {record.namespace_name, record.name, record.version, record.sha256};
}

std::string key_of(const plugin::PluginRecord& record) {
  return record.namespace_name + "/" + record.name + " " + record.version;
}

}  // namespace

void CatalogueBridge::host_registered(HostId host) {
  {
    std::lock_guard guard(mutex_);
    host_ = host;
  }
  publish_again();
}

void CatalogueBridge::publish_again() {
  HostId host;
  std::map<std::string, Published> missing;
  {
    std::lock_guard guard(mutex_);
    host = host_;
    for (const auto& [key, plugin] : published_)
      if (plugin.host != host) missing.emplace(key, plugin);
  }
  for (const auto& [name, plugin] : missing) {
    catalogue_.publish(host, plugin.version, *plugin.definition,
                       [this, name = name, host, isolated = plugin.isolated](Result<store::PublishedPlugin> answer) {
      if (!answer)
        return log_failure(LogLevel::warn, answer.error(), "plugin {} could not be published for the new life, it is tried again: {}",
                           name);
      if (isolated) note_isolated(host, answer->plugin_id, name);
      std::lock_guard guard(mutex_);
      if (const auto known = published_.find(name); known != published_.end()) known->second.host = host;
    });
    if (plugin.draining) note(host, plugin.version, plugin::PluginState::draining, "", "its file is gone");
    if (!plugin.quarantine.empty())
      note(host, plugin.version, plugin::PluginState::quarantined, std::string(code_text(Code::plugin_quarantined)), plugin.quarantine);
  }
}

void CatalogueBridge::publish(const plugin::PluginRecord& record, const model::TaskTemplate* definition,
                              std::function<void(Result<plugin::PublishedIds>)> done) {
  if (definition == nullptr)
    return done(make_error(Code::plugin_not_supported_yet,
                           "a plugin without a template cannot be published yet; embed one that names its handlers"));
  HostId host;
  {
    std::lock_guard guard(mutex_);
    host = host_;
  }
  if (raw(host) == 0)
    return done(make_error(Code::database_unavailable, "this host is not registered in the database yet", Retry::later));
  auto copy = std::make_shared<const model::TaskTemplate>(*definition);
  const auto& text = *copy;
  catalogue_.publish(host, version_of(record), text,
                     [this, host, record, copy = std::move(copy), done = std::move(done)](Result<store::PublishedPlugin> answer) {
                       if (!answer) return done(answer.error());
                       bool is_former_life = false;
                       {
                         std::lock_guard guard(mutex_);
                         published_[key_of(record)] = {version_of(record), copy, host, false, {}, record.is_isolated};
                         is_former_life = host_ != host;
                       }
                       if (record.is_isolated) note_isolated(host, answer->plugin_id, key_of(record));
                       if (is_former_life) publish_again();
                       done(plugin::PublishedIds{answer->plugin_id, answer->template_id});
                     });
}

void CatalogueBridge::note_state(const plugin::PluginRecord& record) {
  HostId host;
  {
    std::lock_guard guard(mutex_);
    host = host_;
    const auto known = published_.find(key_of(record));
    if (known != published_.end() && known->second.version.sha256 == record.sha256) {
      known->second.draining = record.state == plugin::PluginState::draining;
      known->second.quarantine = record.state == plugin::PluginState::quarantined ? record.reason : "";
      if (record.state >= plugin::PluginState::finishing) published_.erase(known);  // this host has it no more
    }
  }
  if (raw(host) == 0 || record.version.empty()) return;
  note(host, version_of(record), record.state, record.code, record.reason);
}

void CatalogueBridge::note_isolated(HostId host, PluginId plugin, const std::string& name) {
  catalogue_.note_isolation(host, plugin, "process", [name](Result<int> answer) {
    if (!answer) log_failure(LogLevel::warn, answer.error(), "that plugin {} runs in a process of its own was not noted: {}", name);
  });
}

void CatalogueBridge::note(HostId host, const store::PluginVersion& version, plugin::PluginState state,
                           const std::string& code, const std::string& reason) {
  catalogue_.note_state(host, version, std::string(plugin::plugin_state_text(state)), code, reason,
                        [name = version.namespace_name + "/" + version.name + " " + version.version](Result<int> answer) {
                          if (!answer) log_failure(LogLevel::warn, answer.error(), "the state of plugin {} was not noted: {}", name);
                        });
}

void CatalogueBridge::find_needed(std::function<void(Result<std::vector<plugin::NeededVersion>>)> done) {
  HostId host;
  {
    std::lock_guard guard(mutex_);
    host = host_;
  }
  if (raw(host) == 0)
    return done(make_error(Code::database_unavailable, "this host is not registered in the database yet", Retry::later));
  publish_again();
  catalogue_.needed(host, [done = std::move(done)](Result<std::vector<store::NeededPlugin>> answer) {
    if (!answer) return done(answer.error());
    std::vector<plugin::NeededVersion> needed;
    for (auto& [version, open_tasks, hosts] : *answer)
      needed.push_back({std::move(version.namespace_name), std::move(version.name), std::move(version.version),
                        std::move(version.sha256), open_tasks, hosts});
    done(std::move(needed));
  });
}

void CatalogueBridge::find_orders(std::int64_t seen, std::function<void(Result<std::optional<plugin::PluginOrders>>)> done) {
  catalogue_.orders(seen, [done = std::move(done)](Result<std::optional<store::PluginOrderList>> answer) {
    if (!answer) return done(answer.error());
    if (!*answer) return done(std::optional<plugin::PluginOrders>());
    plugin::PluginOrders orders{.revision = (*answer)->revision, .retired = {}, .defaults = {}, .banned = {}, .retried = {}};
    for (auto& [kind, version, code, reason] : (*answer)->orders)
      if (kind == "retired")
        orders.retired.push_back({version.namespace_name, version.name, version.version, version.sha256});
      else if (kind == "default")
        orders.defaults.push_back({version.namespace_name, version.name, version.version});
      else if (kind == "banned")
        orders.banned.push_back({version.namespace_name, version.name, version.version, version.sha256, std::move(code), std::move(reason), (*answer)->revision});
      else if (kind == "retried")
        orders.retried.push_back({version.namespace_name, version.name, version.version, version.sha256});
    done(std::optional(std::move(orders)));
  });
}

void CatalogueBridge::ban(const plugin::BannedBytes& bytes, std::function<void(Result<void>)> done) {
  HostId host;
  {
    std::lock_guard guard(mutex_);
    host = host_;
  }
  if (raw(host) == 0)
    return done(make_error(Code::database_unavailable, "this host is not registered in the database yet", Retry::later));
  catalogue_.ban(host, {bytes.namespace_name, bytes.name, bytes.version, bytes.sha256}, bytes.code, bytes.reason, bytes.seen,
                 [done = std::move(done)](Result<int> answer) { done(answer ? Result<void>() : Result<void>(answer.error())); });
}

void CatalogueBridge::find_needs(const std::vector<TemplateId>& templates,
                                 std::function<void(Result<std::vector<plugin::VersionNeed>>)> done) {
  catalogue_.needs(templates, [done = std::move(done)](Result<std::vector<store::VersionNeed>> answer) {
    if (!answer) return done(answer.error());
    std::vector<plugin::VersionNeed> needs;
    for (auto& [template_id, tasks, oldest, next_wake] : *answer)
      needs.push_back({template_id, tasks, raw(oldest), std::move(next_wake)});
    done(std::move(needs));
  });
}

Result<engine::ResolvedTemplate> RegistryResolver::resolve(const std::string& namespace_name, const std::string& name,
                                                           const std::string& version) const {
  const auto found = registry_.choose(namespace_name, name, version);
  if (!found) return found.error();
  const plugin::IndexedVersion& chosen = **found;
  return engine::ResolvedTemplate{chosen.template_id, chosen.text, chosen.definition->context_schema};
}

}  // namespace tasker::app
