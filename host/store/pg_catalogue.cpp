#include "store/pg_catalogue.h"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <utility>

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

// As many as one transaction may hold others up with.
constexpr std::size_t kMostChanges = 32;

std::string label_of(const PluginVersion& plugin) { return plugin.namespace_name + "/" + plugin.name + " " + plugin.version; }

void append_texts(std::initializer_list<std::pair<const char*, const std::optional<std::string>&>> texts, std::string& json) {
  for (const auto& [name, text] : texts)
    if (text) json += (json.back() == '{' ? "\"" : ",\"") + std::string(name) + "\":" + json_quote(*text);
}

// The parameters of publish_plugin as an object of publish_plugins.
void append_version(const Params& of, std::string& json) {
  json += '{';
  append_texts({{"namespace", of[1]}, {"name", of[2]}, {"version", of[3]}, {"sha256", of[4]}, {"pre_release", of[6]},
                {"description", of[7]}, {"class_name", of[8]}, {"digest", of[9]}}, json);
  json += ",\"version_core\":[" + of[5]->substr(1, of[5]->size() - 2) + "],\"definition\":" + *of[10] +
          ",\"schema\":" + of[11].value_or("null") + ",\"steps\":" + *of[12] + "}";
}

void append_note(const Params& of, std::string& json) {
  json += '{';
  append_texts({{"namespace", of[1]}, {"name", of[2]}, {"version", of[3]}, {"sha256", of[4]}, {"state", of[5]}, {"code", of[6]},
                {"reason", of[7]}}, json);
  json += '}';
}

PublishedPlugin published_of(const Rows& rows, int row) {
  return {static_cast<PluginId>(rows.integer(row, 0)), static_cast<TemplateId>(rows.integer(row, 1))};
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

PgCatalogue::PgCatalogue(Connection& writes, Connection& reads)
    : changes_(writes, "publish_plugin", kMostChanges, write), writes_(writes), reads_(reads) {}

void PgCatalogue::publish(HostId host, const PluginVersion& plugin, const model::TaskTemplate& definition,
                          engine::Reply<PublishedPlugin> reply) {
  Change change;
  change.host = host;
  change.label = label_of(plugin);
  change.params = {std::to_string(raw(host)),
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
  change.published = std::move(reply);
  changes_.add(std::move(change));
}

void PgCatalogue::note_state(HostId host, const PluginVersion& plugin, const std::string& state, const std::string& code,
                             const std::string& reason, engine::Reply<int> reply) {
  Change change;
  change.host = host;
  change.label = label_of(plugin);
  change.params = {std::to_string(raw(host)), plugin.namespace_name, plugin.name,   plugin.version,
                   plugin.sha256,             state,                 or_null(code), or_null(reason)};
  change.noted = std::move(reply);
  changes_.add(std::move(change));
}

void PgCatalogue::write(Session& session, std::vector<Change> changes) {
  for (auto first = changes.begin(); first != changes.end();) {
    const auto last = std::find_if(first, changes.end(), [&](const Change& change) {
      return change.host != first->host || change.published.has_value() != first->published.has_value();
    });
    write_alike(session, first, last);
    first = last;
  }
}

void PgCatalogue::write_alike(Session& session, std::vector<Change>::iterator first, std::vector<Change>::iterator last) {
  const auto one_by_one = [&] {
    for (auto change = first; change != last; ++change) write_one(session, *change);
  };
  if (last - first == 1) return one_by_one();
  std::stable_sort(first, last, [](const Change& a, const Change& b) { return a.label < b.label; });
  const bool publishes = first->published.has_value();
  std::string array = "[";
  for (auto change = first; change != last; ++change) {
    if (change != first) array += ',';
    publishes ? append_version(change->params, array) : append_note(change->params, array);
  }
  const auto rows = session.run(publishes ? "publish_plugins" : "note_plugin_states", {first->params[0], array + "]"});
  // One of them may be at fault: alone each hears of its own. What may pass is tried again by whoever asked.
  if (!rows && rows.error().retry == Retry::never) return one_by_one();
  for (auto change = first; change != last; ++change)
    if (!rows)
      change->refuse(rows.error());
    else if (publishes)
      (*change->published)(published_of(*rows, static_cast<int>(change - first)));
    else
      (*change->noted)(0);
}

void PgCatalogue::write_one(Session& session, const Change& change) {
  const auto rows = session.run(change.published ? "publish_plugin" : "note_plugin_state", change.params);
  if (!rows) return change.refuse(rows.error());
  change.published ? (*change.published)(published_of(*rows, 0)) : (*change.noted)(0);
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

void PgCatalogue::orders(std::int64_t seen, engine::Reply<std::optional<PluginOrderList>> reply) {
  const bool posted = reads_.post([seen, reply](Session& session) {
    auto rows = session.run("plugin_orders_v2", {std::to_string(seen)});
    if (!rows) return reply(rows.error());
    if (rows->size() == 0) return reply(std::optional<PluginOrderList>());
    PluginOrderList list;
    for (int row = 0; row < rows->size(); ++row) {
      list.revision = rows->integer(row, 0);
      if (rows->text(row, 1) == "revision") continue;
      list.orders.push_back({std::string(rows->text(row, 1)),
                             {std::string(rows->text(row, 2)), std::string(rows->text(row, 3)), std::string(rows->text(row, 4)),
                              std::string(rows->text(row, 5))},
                             std::string(rows->text(row, 6)),
                             std::string(rows->text(row, 7))});
    }
    reply(std::optional(std::move(list)));
  });
  if (!posted) reply(overloaded_error("plugin_orders_v2"));
}

void PgCatalogue::ban(HostId host, const PluginVersion& plugin, const std::string& code, const std::string& reason, std::int64_t seen,
                      engine::Reply<int> reply) {
  Params params = {std::to_string(raw(host)), plugin.namespace_name, plugin.name, plugin.version, plugin.sha256, code, reason,
                   std::to_string(seen)};
  const bool posted = writes_.post([params = std::move(params), reply](Session& session) {
    auto rows = session.run("ban_plugin", params);
    if (!rows) return reply(rows.error());
    reply(0);
  });
  if (!posted) reply(overloaded_error("ban_plugin"));
}

void PgCatalogue::note_isolation(HostId host, PluginId plugin, const std::string& isolation, engine::Reply<int> reply) {
  Params params = {std::to_string(raw(host)), std::to_string(raw(plugin)), isolation};
  const bool posted = writes_.post([params = std::move(params), reply](Session& session) {
    auto rows = session.run("note_isolation", params);
    if (!rows) return reply(rows.error());
    reply(0);
  });
  if (!posted) reply(overloaded_error("note_isolation"));
}

}  // namespace tasker::store
