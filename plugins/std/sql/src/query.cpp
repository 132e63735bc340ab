#include "query.h"

#include "database.h"
#include "template/options.h"
#include "template/render.h"

namespace std_sql {
namespace {

using tasker::Json;

// The server reads it as the type that the statement needs there.
std::optional<std::string> parameter_from(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (!value.is_string()) return tasker::print_output(value, "parameter");
  if (value.get_ref<const std::string&>().find('\0') != std::string::npos)
    throw tasker::PermanentError("a parameter has a zero character in it, which PostgreSQL has no place for", "config.invalid");
  return value.get<std::string>();
}

}  // namespace

Query query_from(tasker::Call& call, Sources& sources) {
  stock::Scope scope(call);
  stock::Renderer renderer(scope);
  const Json& written = call.config();
  Json config = written;
  config.erase("statement");
  config = renderer.value(config, "");
  const stock::Options options(config, "handler_config",
                               {"source", "query", "statement", "params", "timeout_seconds", "max_rows", "max_result_kib"});
  Query query;
  query.source = &sources.find(options.text("source"));
  const Json statement = written.value("statement", Json());
  if (statement.is_null() == !options.has("query"))
    options.fail("needs either \"statement\", SQL as it stands, or \"query\", the name of a configured one");
  if (!statement.is_null() && !statement.is_string())
    options.fail("needs \"statement\" as a text; only params come from the task");
  query.statement = statement.is_null() ? query.source->query(options.text("query")) : statement.get<std::string>();
  if (const Json* params = options.find("params"); params != nullptr) {
    if (!params->is_array()) options.fail("needs \"params\" as an array");
    for (const auto& value : *params) query.params.push_back(parameter_from(value));
  }
  query.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(options.number("timeout_seconds", 30, 0.001, 3600) * 1000));
  if (const auto left = call.raw_call().timeout_ms; left > 0)
    query.timeout = std::min(query.timeout, std::chrono::milliseconds(left));
  query.max_rows = static_cast<std::size_t>(options.integer("max_rows", 1000, 0, 100'000));
  query.max_bytes = static_cast<std::size_t>(options.integer("max_result_kib", 1024, 1, 8192)) << 10U;
  return query;
}

}  // namespace std_sql
