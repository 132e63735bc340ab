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
  std::map<std::string, Published> loaded;
  {
    std::lock_guard guard(mutex_);
    host_ = host;
    loaded = published_;
  }
  for (const auto& [key, plugin] : loaded)
    catalogue_.publish(host, plugin.version, *plugin.definition, [name = key](Result<store::PublishedPlugin> answer) {
      if (!answer) log_warn("plugin {} could not be published for the new life: {}", name, answer.error().message);
    });
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
                     [this, record, copy = std::move(copy), done = std::move(done)](Result<store::PublishedPlugin> answer) {
                       if (!answer) return done(answer.error());
                       {
                         std::lock_guard guard(mutex_);
                         published_[key_of(record)] = {version_of(record), copy};
                       }
                       done(plugin::PublishedIds{answer->plugin_id, answer->template_id});
                     });
}

void CatalogueBridge::note_state(const plugin::PluginRecord& record) {
  HostId host;
  {
    std::lock_guard guard(mutex_);
    host = host_;
    if (record.state == plugin::PluginState::draining) published_.erase(key_of(record));
  }
  if (raw(host) == 0 || record.version.empty()) return;
  catalogue_.note_state(host, version_of(record), std::string(plugin::plugin_state_text(record.state)), record.code,
                        record.reason, [name = key_of(record)](Result<int> answer) {
                          if (!answer) log_warn("the state of plugin {} was not noted: {}", name, answer.error().message);
                        });
}

Result<engine::ResolvedTemplate> RegistryResolver::resolve(const std::string& namespace_name, const std::string& name,
                                                           const std::string& version) const {
  auto found = registry_.find(namespace_name, name, version);
  if (!found) return found.error();
  const auto& definition = *found->loaded.definition;
  return engine::ResolvedTemplate{found->loaded.template_id, found->version.text(), definition.context_schema};
}

}  // namespace tasker::app
