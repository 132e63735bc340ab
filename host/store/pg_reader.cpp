#include "store/pg_reader.h"

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "store/array_literal.h"

namespace tasker::store {
namespace {

using engine::Reply;
using engine::StepInputs;

// A query takes at most about this many rows; what is beyond goes into the next one.
constexpr std::size_t kMostSteps = 2048;
constexpr std::size_t kMostShown = 64;

// What stands for something that does not exist.
constexpr std::string_view kNothing = "null";

std::optional<std::string> or_null(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

StepInputs step_inputs(const Rows& rows, int row) {
  StepInputs inputs;
  inputs.step = {static_cast<TaskId>(rows.integer(row, 0)), static_cast<Ord>(rows.integer(row, 1))};
  inputs.template_id = static_cast<TemplateId>(rows.integer(row, 2));
  inputs.revision = static_cast<std::int32_t>(rows.integer(row, 3));
  inputs.context = rows.text(row, 4);
  inputs.correlation_id = rows.text(row, 5);
  const auto ords = read_integer_array(rows.text(row, 6));
  auto results = read_text_array(rows.text(row, 7));
  for (std::size_t i = 0; i < ords.size() && i < results.size(); ++i) {
    inputs.parent_results.emplace_back(static_cast<Ord>(ords[i]), std::move(results[i]));
  }
  inputs.checkpoint = rows.text(row, 8);
  inputs.traceparent = rows.text(row, 9);
  return inputs;
}

}  // namespace

PgReader::PgReader(Connection& connection, Connection& people)
    : connection_(connection),
      people_(people),
      loads_(connection, "step_inputs", kMostSteps, &PgReader::answer_loads),
      shows_(people, "show_tasks", kMostShown, &PgReader::answer_shows) {}

void PgReader::read_json(std::string_view query, Params params, Reply<std::string> reply) {
  const bool posted = people_.post([query, params = std::move(params), reply](Session& session) {
    auto rows = session.run(query, params);
    if (!rows) return reply(rows.error());
    reply(rows->size() == 0 || rows->is_null(0, 0) ? std::string(kNothing) : std::string(rows->text(0, 0)));
  });
  if (!posted) reply(overloaded_error(query));
}

void PgReader::list_tasks(engine::TaskFilter filter, Reply<std::string> reply) {
  const std::pair<const char*, const std::string&> given[] = {
      {"namespace", filter.namespace_name},     {"name", filter.name},
      {"version", filter.version},              {"status", filter.status},
      {"correlation_id", filter.correlation_id}, {"tag", filter.tag},
      {"initiator", filter.initiator},          {"source_system", filter.source_system},
      {"created_after", filter.created_after},  {"created_before", filter.created_before}};
  std::string wanted = "{";
  for (const auto& [name, value] : given) {
    if (value.empty()) continue;
    if (wanted.size() > 1) wanted += ',';
    wanted.append(1, '"').append(name).append("\":").append(json_quote(value));
  }
  read_json("find_tasks",
            {wanted + "}", std::to_string(std::max(0, filter.limit)),
             filter.after ? std::optional(std::to_string(raw(*filter.after))) : std::nullopt},
            std::move(reply));
}

void PgReader::list_namespaces(engine::Page page, Reply<std::string> reply) {
  read_json("list_namespaces", {std::to_string(page.limit), or_null(page.after)}, std::move(reply));
}

void PgReader::list_handlers(std::string namespace_name, engine::Page page, Reply<std::string> reply) {
  read_json("list_handlers", {std::move(namespace_name), std::to_string(page.limit), or_null(page.after)}, std::move(reply));
}

void PgReader::show_handler(std::string namespace_name, std::string name, std::string version, Reply<std::string> reply) {
  read_json("show_handler", {std::move(namespace_name), std::move(name), or_null(version)}, std::move(reply));
}

void PgReader::list_plugins(engine::Page page, Reply<std::string> reply) {
  read_json("list_plugins", {std::to_string(page.limit), or_null(page.after)}, std::move(reply));
}

void PgReader::show_plugin(engine::PluginName plugin, Reply<std::string> reply) {
  read_json("show_plugin", {std::move(plugin.namespace_name), std::move(plugin.name), std::move(plugin.version)}, std::move(reply));
}

void PgReader::show_default(std::string namespace_name, std::string name, Reply<std::string> reply) {
  read_json("show_default", {std::move(namespace_name), std::move(name)}, std::move(reply));
}

void PgReader::missing_defaults(Reply<std::string> reply) {
  const bool posted = connection_.post([reply](Session& session) {
    auto rows = session.run("missing_defaults", {});
    if (!rows) return reply(rows.error());
    reply(std::string(rows->text(0, 0)));
  });
  if (!posted) reply(overloaded_error("missing_defaults"));
}

void PgReader::ended_tasks(std::vector<TaskId> tasks, Reply<std::vector<TaskId>> reply) {
  const bool posted = connection_.post([tasks = std::move(tasks), reply](Session& session) {
    ArrayLiteral ids;
    for (const TaskId task : tasks) ids.add(raw(task));
    auto rows = session.run("ended_tasks", {ids.take()});
    if (!rows) return reply(rows.error());
    std::vector<TaskId> ended;
    for (int row = 0; row < rows->size(); ++row) ended.push_back(static_cast<TaskId>(rows->integer(row, 0)));
    reply(std::move(ended));
  });
  if (!posted) reply(overloaded_error("ended_tasks"));
}

void PgReader::find_key(engine::IdempotencyKey key, Reply<std::vector<TaskId>> reply) {
  const bool posted = connection_.post([key = std::move(key), reply](Session& session) {
    auto rows = session.run("find_idempotency_key", {key.key, key.digest});
    if (!rows) return reply(rows.error());
    std::vector<TaskId> tasks;
    if (rows->size() == 0) return reply(std::move(tasks));
    if (!rows->boolean(0, 0))
      return reply(make_error(Code::idempotency_key_reused,
                              "the Idempotency-Key '" + key.key + "' was used for another request"));
    for (const std::int64_t id : read_integer_array(rows->text(0, 1))) tasks.push_back(static_cast<TaskId>(id));
    reply(std::move(tasks));
  });
  if (!posted) reply(overloaded_error("find_idempotency_key"));
}

void PgReader::queue_gauges(Reply<engine::QueueGauges> reply) {
  const bool posted = people_.post([reply](Session& session) {
    auto rows = session.run("queue_gauges", {});
    if (!rows) return reply(rows.error());
    reply(engine::QueueGauges{rows->integer(0, 0), rows->integer(0, 1), engine::Millis(rows->integer(0, 2))});
  });
  if (!posted) reply(overloaded_error("queue_gauges"));
}

void PgReader::ping(Reply<engine::Micros> reply) {
  const bool posted = connection_.post([reply](Session& session) {
    const auto began = std::chrono::steady_clock::now();
    auto rows = session.run("lanes", {});
    if (!rows) return reply(rows.error());
    reply(std::chrono::duration_cast<engine::Micros>(std::chrono::steady_clock::now() - began));
  });
  if (!posted) reply(overloaded_error("ping"));
}

void PgReader::handler_versions(std::string namespace_name, std::string name,
                                Reply<std::vector<engine::HandlerVersion>> reply) {
  const bool posted = connection_.post([=](Session& session) {
    auto rows = session.run("handler_versions", {namespace_name, name});
    if (!rows) return reply(rows.error());
    std::vector<engine::HandlerVersion> versions;
    for (int row = 0; row < rows->size(); ++row) {
      versions.push_back({std::string(rows->text(row, 0)), static_cast<TemplateId>(rows->integer(row, 1)),
                          static_cast<PluginId>(rows->integer(row, 2)), rows->boolean(row, 3),
                          std::string(rows->text(row, 4)), rows->boolean(row, 5)});
    }
    reply(std::move(versions));
  });
  if (!posted) reply(overloaded_error("handler_versions"));
}

void PgReader::load(std::vector<StepKey> steps, Reply<std::vector<StepInputs>> reply) {
  loads_.add({std::move(steps), std::move(reply)});
}

void PgReader::show_task(TaskId task, Reply<std::string> reply) { shows_.add({task, std::move(reply)}); }

void PgReader::answer_loads(Session& session, std::vector<Load> batch) {
  std::vector<StepKey> keys;
  for (const Load& each : batch) keys.insert(keys.end(), each.steps.begin(), each.steps.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  ArrayLiteral tasks, ords;
  for (const StepKey& key : keys) {
    tasks.add(raw(key.task));
    ords.add(key.ord);
  }
  auto rows = session.run("step_inputs", {tasks.take(), ords.take()});
  if (!rows && rows.error().retry == Retry::never && batch.size() > 1) {
    // A row that cannot be read fails those who asked for it, not whoever asked at the same moment.
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    answer_loads(session, {std::make_move_iterator(batch.begin()), std::make_move_iterator(middle)});
    return answer_loads(session, {std::make_move_iterator(middle), std::make_move_iterator(batch.end())});
  }
  if (!rows) {
    for (const Load& each : batch) each.reply(rows.error());
    return;
  }
  std::unordered_map<StepKey, int, StepKeyHash> row_of;
  for (int row = 0; row < rows->size(); ++row) {
    row_of[{static_cast<TaskId>(rows->integer(row, 0)), static_cast<Ord>(rows->integer(row, 1))}] = row;
  }
  for (const Load& each : batch) {
    std::vector<StepInputs> found;
    for (const StepKey& key : each.steps) {
      if (const auto row = row_of.find(key); row != row_of.end()) found.push_back(step_inputs(*rows, row->second));
    }
    each.reply(std::move(found));
  }
}

void PgReader::answer_shows(Session& session, std::vector<Show> batch) {
  std::vector<std::int64_t> ids;
  for (const Show& each : batch) ids.push_back(raw(each.task));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  ArrayLiteral tasks;
  for (const std::int64_t id : ids) tasks.add(id);
  auto rows = session.run("show_tasks", {tasks.take()});
  if (!rows) {
    for (const Show& each : batch) each.reply(rows.error());
    return;
  }
  std::unordered_map<std::int64_t, int> row_of;
  for (int row = 0; row < rows->size(); ++row) row_of[rows->integer(row, 0)] = row;
  for (const Show& each : batch) {
    if (const auto row = row_of.find(raw(each.task)); row != row_of.end()) {
      each.reply(std::string(rows->text(row->second, 1)));
    } else {
      each.reply(std::string(kNothing));
    }
  }
}

}  // namespace tasker::store
