#include "store/pg_catalogue.h"

#include <limits>

#include "base/json.h"
#include "store/array_literal.h"

namespace tasker::store {
namespace {

template <class Ords>
void append_ords(const Ords& ords, std::string& text) {
  text += '[';
  for (std::size_t i = 0; i < ords.size(); ++i) text += (i ? "," : "") + std::to_string(ords[i]);
  text += ']';
}

// Versions beyond an int are ordered as if they were the largest: nobody has one.
std::string version_core(const Semver& version) {
  ArrayLiteral literal;
  for (const std::uint64_t part : {version.major, version.minor, version.patch}) {
    literal.add(static_cast<std::int64_t>(std::min<std::uint64_t>(part, std::numeric_limits<std::int32_t>::max())));
  }
  return literal.take();
}

std::optional<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

std::string steps_as_json(const model::TaskTemplate& definition) {
  std::string text = "[";
  for (const model::StepTemplate& step : definition.steps) {
    const auto& system = step.dependent_system.empty() ? definition.default_dependent_system : step.dependent_system;
    text += (text.size() > 1 ? ",{\"ord\":" : "{\"ord\":") + std::to_string(step.ord);
    text += ",\"name\":" + json_quote(step.name) + ",\"handler\":" + json_quote(step.handler);
    text += ",\"parents\":";
    append_ords(step.parents, text);
    text += ",\"children\":";
    append_ords(step.children, text);
    text += std::string(",\"retryable\":") + (step.retryable ? "true" : "false");
    text += ",\"retry_limit\":" + std::to_string(step.retry_limit);
    text += std::string(",\"skippable\":") + (step.skippable ? "true" : "false");
    text += ",\"dependent_system\":" + json_quote(system) + ",\"description\":" + json_quote(step.description) + "}";
  }
  return text + "]";
}

void PgCatalogue::publish(HostId host, const PluginVersion& plugin, const model::TaskTemplate& definition,
                          engine::Reply<PublishedPlugin> reply) {
  Params params = {std::to_string(raw(host)),
                   plugin.namespace_name,
                   plugin.name,
                   plugin.version,
                   plugin.sha256,
                   version_core(definition.version),
                   or_null(definition.version.prerelease),
                   definition.description,
                   definition.task_handler_class,
                   definition.digest,
                   definition.definition,
                   or_null(definition.context_schema),
                   steps_as_json(definition)};
  const bool posted = connection_.post([params = std::move(params), reply](Session& session) {
    auto rows = session.run("publish_plugin", params);
    if (!rows) return reply(rows.error());
    reply(PublishedPlugin{static_cast<PluginId>(rows->integer(0, 0)), static_cast<TemplateId>(rows->integer(0, 1))});
  });
  if (!posted) reply(overloaded_error("publish_plugin"));
}

void PgCatalogue::note_state(HostId host, const PluginVersion& plugin, const std::string& state, const std::string& code,
                             const std::string& reason, engine::Reply<int> reply) {
  Params params = {std::to_string(raw(host)), plugin.namespace_name, plugin.name,   plugin.version,
                   plugin.sha256,             state,                 or_null(code), or_null(reason)};
  const bool posted = connection_.post([params = std::move(params), reply](Session& session) {
    auto rows = session.run("note_plugin_state", params);
    if (!rows) return reply(rows.error());
    reply(0);
  });
  if (!posted) reply(overloaded_error("note_plugin_state"));
}

void PgCatalogue::needed(HostId host, engine::Reply<std::vector<NeededPlugin>> reply) {
  const bool posted = reads_.post([host, reply](Session& session) {
    auto rows = session.run("needed_plugins", {std::to_string(raw(host))});
    if (!rows) return reply(rows.error());
    std::vector<NeededPlugin> needed;
    for (int row = 0; row < rows->size(); ++row)
      needed.push_back({{std::string(rows->text(row, 0)), std::string(rows->text(row, 1)), std::string(rows->text(row, 2)),
                         std::string(rows->text(row, 3))},
                        rows->integer(row, 4),
                        rows->integer(row, 5)});
    reply(std::move(needed));
  });
  if (!posted) reply(overloaded_error("needed_plugins"));
}

void PgCatalogue::needs(const std::vector<TemplateId>& templates, engine::Reply<std::vector<VersionNeed>> reply) {
  ArrayLiteral ids;
  for (const TemplateId id : templates) ids.add(raw(id));
  const bool posted = reads_.post([ids = ids.take(), reply](Session& session) {
    auto rows = session.run("open_tasks_of", {ids});
    if (!rows) return reply(rows.error());
    std::vector<VersionNeed> needs;
    for (int row = 0; row < rows->size(); ++row)
      needs.push_back({static_cast<TemplateId>(rows->integer(row, 0)), rows->integer(row, 1), static_cast<TaskId>(rows->integer(row, 2)),
                       std::string(rows->text(row, 3))});
    reply(std::move(needs));
  });
  if (!posted) reply(overloaded_error("open_tasks_of"));
}

}  // namespace tasker::store
