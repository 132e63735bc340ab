// One key, one set of tasks: whoever repeats a request gets the first one's ids, on whatever host and at whatever moment.
#include <gmock/gmock.h>

#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

class Idempotency : public ::testing::Test {
 protected:
  engine::SubmitRequest request(const std::string& key, const std::string& digest, int tasks = 2) {
    engine::SubmitRequest request;
    request.host = world.host();
    request.plugins = world.plugins();
    request.room = 1000;
    request.tasks.resize(static_cast<std::size_t>(tasks));
    for (auto& task : request.tasks) task.template_id = order.template_id;
    request.key = {key, digest, std::chrono::hours(1)};
    return request;
  }
  Result<engine::SubmitAnswer> submit(const std::string& key, const std::string& digest = kDigest) {
    return await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request(key, digest), reply); });
  }
  std::string count(const std::string& table) { return world.sql.value("select count(*) from tasker." + table); }

  static constexpr const char* kDigest = "00ff";
  PgWorld world;
  Published order = world.publish("order", "a");
};

TEST_F(Idempotency, ARepeatedRequestGetsTheFirstOnesTasks) {
  const auto first = submit("k");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->replayed);
  EXPECT_EQ(first->claimed.size(), 2u);
  const auto again = submit("k");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->tasks, first->tasks);
  EXPECT_TRUE(again->claimed.empty());
  EXPECT_FALSE(submit("another")->replayed);
  EXPECT_EQ(count("task"), "4");
  world.check_rows();
}

TEST_F(Idempotency, TheSameKeyForAnotherRequestIsRefused) {
  ASSERT_TRUE(submit("k"));
  const auto other = submit("k", "0100");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::idempotency_key_reused);
  EXPECT_THAT(other.error().message, testing::HasSubstr("'k'"));
  EXPECT_EQ(count("task"), "2");
}

// The first stands between its row and its commit; the second waits for it, and goes by what became of it.
TEST_F(Idempotency, TheSecondOfTwoWaitsForTheFirst) {
  for (const char* end : {"commit", "rollback"}) {
    const std::string key = end;
    world.sql.exec("begin");
    world.sql.exec("insert into tasker.idempotency_key values (clock_timestamp() + interval '1 h', '" + key + "', '\\x00ff', '{7}')");
    Awaited<engine::SubmitAnswer> second;
    world.store().submit(request(key, kDigest), second.reply());
    SqlClient looks(world.db.conninfo());
    looks.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "1");
    EXPECT_FALSE(second.is_there());
    world.sql.exec(end);
    const auto answer = second.get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->replayed, key == "commit");
    if (answer->replayed) {
      EXPECT_EQ(answer->tasks, std::vector<TaskId>{TaskId{7}});
    }
  }
  EXPECT_EQ(count("task"), "2");
}

TEST_F(Idempotency, TwoHostsAtTheSameMomentCreateOneSetOfTasks) {
  const auto other = world.another_store();
  const HostId second = world.another_host();
  constexpr int kRounds = 30;
  std::vector<Awaited<engine::SubmitAnswer>> here(kRounds), there(kRounds);
  for (int i = 0; i < kRounds; ++i) {
    auto asked = request("k" + std::to_string(i), kDigest);
    world.store().submit(asked, here[static_cast<std::size_t>(i)].reply());
    asked.host = second;
    other->submit(asked, there[static_cast<std::size_t>(i)].reply());
  }
  for (std::size_t i = 0; i < kRounds; ++i) {
    const auto one = here[i].get(), two = there[i].get();
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_NE(one->replayed, two->replayed) << i;
    EXPECT_EQ(one->tasks, two->tasks) << i;
  }
  EXPECT_EQ(count("task"), std::to_string(2 * kRounds));
  world.check_rows();
}

// The answer got lost, and the call comes again with its own ids: it is the first one, not a repetition of it.
TEST_F(Idempotency, ACallWhoseAnswerGotLostContinues) {
  const std::string call =
      "select claim_no from tasker.submit_keyed_tasks('k', '\\x00ff', '1 h', 1, '{640,641}', '{1,1}', '{}', '{}', '{}', '{}', '{}',"
      " '{}', '{}', '{}', 10, '{1}', clock_timestamp(), '{}') where task_id > 0";
  EXPECT_EQ(world.sql.rows(call).size(), 2u);
  const auto again = world.sql.rows(call);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0][0], "1") << "its own claims, as the first answer had them";
  EXPECT_EQ(count("task"), "2");
}

TEST_F(Idempotency, AKeyWhoseTimeIsOverIsFreeAndOthersArePurgedByTheWay) {
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(submit(key));
  world.sql.exec("update tasker.idempotency_key set expires_at = clock_timestamp() - interval '1 s'");
  EXPECT_FALSE(submit("a", "0100")->replayed) << "also for another request";
  EXPECT_EQ(world.sql.value("select string_agg(key, ' ') from tasker.idempotency_key"), "a");
  EXPECT_TRUE(submit("a", "0100")->replayed);
  EXPECT_EQ(count("task"), "8");
}

TEST_F(Idempotency, AHostThatWasDeclaredDeadTakesNoKey) {
  world.sql.exec("update tasker.host set alive = false");
  EXPECT_EQ(submit("k").error().code, Code::host_dead);
  EXPECT_EQ(count("idempotency_key"), "0");
}

TEST_F(Idempotency, WhatAKeyGotCanBeAskedFor) {
  const auto first = submit("k");
  const auto find = [&](const std::string& key, const std::string& digest) {
    return await<std::vector<TaskId>>([&](auto reply) { world.store().reader().find_key({key, digest, {}}, reply); });
  };
  EXPECT_EQ(*find("k", kDigest), first->tasks);
  EXPECT_TRUE(find("l", kDigest)->empty());
  EXPECT_EQ(find("k", "0100").error().code, Code::idempotency_key_reused);
}

TEST_F(Idempotency, TheTraceContextReachesTheInputs) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto asked = request("", "", 2);
  asked.tasks[1].traceparent = trace;
  const auto made = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(asked, reply); });
  ASSERT_TRUE(made) << made.error().message;
  const auto inputs = *await<std::vector<engine::StepInputs>>(
      [&](auto reply) { world.store().load({{made->tasks[0], 1}, {made->tasks[1], 1}}, reply); });
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].traceparent, "");
  EXPECT_EQ(inputs[1].traceparent, trace);
}

}  // namespace
}  // namespace tasker::test
