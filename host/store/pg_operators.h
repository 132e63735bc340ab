// What operators decide about plugin versions, written where every host on the database hears of it (sql/functions/plugin_orders.sql).
// Replies come on a [db] thread, or at once when the connection's queue is full.
#pragma once

#include "engine/ports.h"
#include "store/connection.h"

namespace tasker::store {

class PgOperators final : public engine::Operators {
 public:
  explicit PgOperators(Connection& connection) : connection_(connection) {}

  void retire(engine::PluginName plugin, engine::Reply<bool> reply) override;
  void resume(engine::PluginName plugin, engine::Reply<bool> reply) override;
  void retry(engine::PluginName plugin, std::string reason, engine::Reply<bool> reply) override;
  void pin_default(engine::PluginName plugin, engine::Reply<bool> reply) override;

 private:
  void decide(std::string_view query, engine::PluginName plugin, std::string reason, engine::Reply<bool> reply);

  Connection& connection_;
};

}  // namespace tasker::store
