// TaskService's answers about single plugin versions: what is known of them, and what operators decide about them.
#include <fmt/format.h>

#include "engine/task_service.h"

namespace tasker::engine {
namespace {

bool is_nothing(const std::string& answer) { return answer.empty() || answer == "null"; }

Error no_such_plugin(const PluginName& plugin) {
  return make_error(Code::not_found, fmt::format("there is no plugin {}/{} in version {}; `tasker plugin list` shows what is there",
                                                 plugin.namespace_name, plugin.name, plugin.version));
}

}  // namespace

// What the catalogue has, and behind it what this host knows of its file: one that was refused here is in no catalogue.
void TaskService::show_plugin(PluginName plugin, Reply<std::string> reply) {
  auto here = folder_.file(plugin);
  reader_.show_plugin(plugin, [plugin, here = std::move(here), reply = std::move(reply)](Result<std::string> answer) {
    if (!answer.has_value()) return reply(answer.error());
    const bool is_known = !is_nothing(*answer);
    if (!is_known && here.empty()) return reply(no_such_plugin(plugin));
    std::string shown = is_known ? std::move(*answer) : here;
    shown.pop_back();
    reply(shown + ",\"here\":" + (here.empty() ? "null" : here) + "}");
  });
}

void TaskService::retire_plugin(PluginName plugin, Reply<std::string> reply) {
  operators_.retire(plugin, then_show(plugin, std::move(reply)));
}

void TaskService::resume_plugin(PluginName plugin, Reply<std::string> reply) {
  operators_.resume(plugin, then_show(plugin, std::move(reply)));
}

void TaskService::retry_plugin(PluginName plugin, std::string reason, Reply<std::string> reply) {
  operators_.retry(plugin, std::move(reason), then_show(plugin, std::move(reply)));
}

Reply<bool> TaskService::then_show(PluginName plugin, Reply<std::string> reply) {
  return [this, plugin = std::move(plugin), reply = std::move(reply)](Result<bool> decided) {
    if (!decided.has_value()) return reply(decided.error());
    folder_.hear_orders();
    show_plugin(plugin, reply);
  };
}

void TaskService::show_default(std::string namespace_name, std::string name, Reply<std::string> reply) {
  auto message = fmt::format("no plugin {}/{} is known; `tasker plugin list` shows what is there", namespace_name, name);
  reader_.show_default(std::move(namespace_name), std::move(name),
                       [reply = std::move(reply), message = std::move(message)](Result<std::string> answer) {
    if (answer.has_value() && is_nothing(*answer)) return reply(make_error(Code::unknown_handler, message));
    reply(std::move(answer));
  });
}

void TaskService::pin_default(PluginName plugin, Reply<std::string> reply) {
  operators_.pin_default(plugin, [this, plugin, reply = std::move(reply)](Result<bool> decided) {
    if (!decided.has_value()) return reply(decided.error());
    folder_.hear_orders();
    show_default(plugin.namespace_name, plugin.name, reply);
  });
}

}  // namespace tasker::engine
