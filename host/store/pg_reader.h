// What the API and the engine read: single reads that queue up while the connection is busy become one query (one row a
// query: 4,000/s; batched: 29,000/s). Answers for people are JSON text built in SQL and passed through untouched.
// Questions of people (lists, graphs, gauges) go over a connection of their own: some read a table from end to end, and the
// engine's reads, a submission and the look whether the database answers must not stand behind them.
// Replies come on a reading connection's thread [db], or at once when its queue is full.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "store/connection.h"
#include "store/gather.h"

namespace tasker::store {

class PgReader final : public engine::Reader {
 public:
  PgReader(Connection& connection, Connection& people);

  void list_tasks(engine::TaskFilter filter, engine::Reply<std::string> reply) override;
  void show_task(TaskId task, engine::Reply<std::string> reply) override;
  void list_namespaces(engine::Page page, engine::Reply<std::string> reply) override;
  void list_handlers(std::string namespace_name, engine::Page page, engine::Reply<std::string> reply) override;
  void show_handler(std::string namespace_name, std::string name, std::string version,
                    engine::Reply<std::string> reply) override;
  void list_plugins(engine::Page page, engine::Reply<std::string> reply) override;
  void show_plugin(engine::PluginName plugin, engine::Reply<std::string> reply) override;
  void show_default(std::string namespace_name, std::string name, engine::Reply<std::string> reply) override;
  void missing_defaults(engine::Reply<std::string> reply) override;
  void ended_tasks(std::vector<TaskId> tasks, engine::Reply<std::vector<TaskId>> reply) override;
  void find_key(engine::IdempotencyKey key, engine::Reply<std::vector<TaskId>> reply) override;
  void handler_versions(std::string namespace_name, std::string name,
                        engine::Reply<std::vector<engine::HandlerVersion>> reply) override;
  void queue_gauges(engine::Reply<engine::QueueGauges> reply) override;
  void ping(engine::Reply<engine::Micros> reply) override;

  // Steps whose task is unknown have no answer.
  void load(std::vector<StepKey> steps, engine::Reply<std::vector<engine::StepInputs>> reply);

 private:
  struct Load {
    std::vector<StepKey> steps;
    engine::Reply<std::vector<engine::StepInputs>> reply;
    std::size_t units() const { return steps.size(); }
    void refuse(Error error) { reply(std::move(error)); }
  };
  struct Show {
    TaskId task{};
    engine::Reply<std::string> reply;
    std::size_t units() const { return 1; }
    void refuse(Error error) { reply(std::move(error)); }
  };

  void read_json(std::string_view query, Params params, engine::Reply<std::string> reply);
  static void answer_loads(Session& session, std::vector<Load> batch);
  static void answer_shows(Session& session, std::vector<Show> batch);

  Connection& connection_;
  Connection& people_;
  Gather<Load> loads_;
  Gather<Show> shows_;
};

}  // namespace tasker::store
