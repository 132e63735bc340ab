// A store that stops: calls that hang do not hold the process, and none is left without an answer.
#include <signal.h>

#include <chrono>

#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(StoreStop, CallsThatHangAreCutOff) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  store::PgStore::Options options;
  options.stop_patience = milliseconds(200);
  const auto stopped = world.another_store(options);
  SqlClient holder(world.db.conninfo());
  holder.exec("begin");
  holder.exec("lock table tasker.task, tasker.step in access exclusive mode");
  engine::SubmitRequest submit{world.host(), std::vector<engine::NewTask>(1), 1, world.plugins()};
  submit.tasks[0].template_id = one.template_id;
  Awaited<engine::SubmitAnswer> submitted;
  Awaited<std::string> shown;
  Awaited<std::vector<engine::ClaimedStep>> held;
  stopped->submit(submit, submitted.reply());
  stopped->reader().show_task(TaskId{1}, shown.reply());
  stopped->held(world.host(), held.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "3");
  const auto began = steady_clock::now();
  stopped->stop();
  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(4)) << "lock_timeout alone is five seconds";
  EXPECT_FALSE(submitted.get());
  EXPECT_FALSE(shown.get());
  EXPECT_FALSE(held.get());
}

// A list that reads everything must not keep the engine, or a look at the host's health, waiting.
TEST(Readers, WhatPeopleAskDelaysNeitherTheEngineNorThePing) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id).claimed;
  SqlClient holder(world.db.conninfo());
  holder.exec("begin");
  holder.exec("lock table tasker.namespace in access exclusive mode");
  Awaited<std::string> list;
  world.store().reader().list_namespaces({}, list.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "1");
  EXPECT_TRUE(await<engine::Micros>([&](auto reply) { world.store().reader().ping(reply); }));
  EXPECT_TRUE(await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); }));
  EXPECT_TRUE(await<std::vector<engine::StepInputs>>([&](auto reply) { world.store().load({claimed[0].step}, reply); }));
  EXPECT_FALSE(list.is_there());
  holder.exec("rollback");
  EXPECT_TRUE(list.get());
}

}  // namespace
}  // namespace tasker::test
