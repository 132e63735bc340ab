#include "store/pg_operators.h"

namespace tasker::store {

void PgOperators::decide(std::string_view query, engine::PluginName plugin, std::string reason, engine::Reply<bool> reply) {
  // Who asked is not known as long as there is no authentication.
  Params params = {std::move(plugin.namespace_name), std::move(plugin.name),
                   plugin.version.empty() ? std::nullopt : std::optional(std::move(plugin.version)), std::nullopt,
                   reason.empty() ? std::nullopt : std::optional(std::move(reason))};
  const bool posted = connection_.post([query, params = std::move(params), reply](Session& session) {
    auto rows = session.run(query, params);
    if (!rows) return reply(rows.error());
    reply(rows->boolean(0, 0));
  });
  if (!posted) reply(overloaded_error(query));
}

void PgOperators::retire(engine::PluginName plugin, engine::Reply<bool> reply) {
  decide("retire_plugin", std::move(plugin), {}, std::move(reply));
}

void PgOperators::resume(engine::PluginName plugin, engine::Reply<bool> reply) {
  decide("resume_plugin", std::move(plugin), {}, std::move(reply));
}

void PgOperators::retry(engine::PluginName plugin, std::string reason, engine::Reply<bool> reply) {
  decide("retry_plugin", std::move(plugin), std::move(reason), std::move(reply));
}

void PgOperators::pin_default(engine::PluginName plugin, engine::Reply<bool> reply) {
  decide("pin_default", std::move(plugin), {}, std::move(reply));
}

}  // namespace tasker::store
