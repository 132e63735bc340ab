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
    if (!key.empty()) request.parts = {{static_cast<std::size_t>(tasks), {key, digest, std::chrono::hours(1)}}};
    return request;
  }
  Result<engine::CreatedTasks> submit(const std::string& key, const std::string& digest = kDigest) {
    return only_part(await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request(key, digest), reply); }));
  }
  static Result<engine::CreatedTasks> only_part(const Result<engine::SubmitAnswer>& answer) {
    return answer ? answer->parts.at(0) : Result<engine::CreatedTasks>(answer.error());
  }
  std::string count(const std::string& table) { return world.sql.value("select count(*) from tasker." + table); }

  static constexpr const char* kDigest = "00ff";
  PgWorld world;
  Published order = world.publish("order", "a");
};

TEST_F(Idempotency, ARepeatedRequestGetsTheFirstOnesTasks) {
  const auto made = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request("k", kDigest), reply); });
  const auto first = only_part(made);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->replayed);
  EXPECT_EQ(made->claimed.size(), 2u);
  const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request("k", kDigest), reply); });
  const auto again = only_part(answer);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->tasks, first->tasks);
  EXPECT_TRUE(answer->claimed.empty());
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
    const auto answer = only_part(second.get());
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
    const auto one = only_part(here[i].get()), two = only_part(there[i].get());
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_NE(one->replayed, two->replayed) << i;
    EXPECT_EQ(one->tasks, two->tasks) << i;
  }
  EXPECT_EQ(count("task"), std::to_string(2 * kRounds));
  world.check_rows();
}

// Many requests in one call: each gets what it would have got alone.
TEST_F(Idempotency, ManyKeysShareOneCall) {
  const auto before = submit("done");
  ASSERT_TRUE(before);
  ASSERT_TRUE(submit("taken", "0100"));
  auto asked = request("", "", 7);
  const auto key = [](const char* name, const char* digest = kDigest) {
    return engine::IdempotencyKey{name, digest, std::chrono::hours(1)};
  };
  asked.parts = {{1, key("new")}, {2, key("done")}, {1, key("taken")}, {1, key("new")}, {1, key("a")}, {1, key("a", "0100")}};
  for (std::size_t i = 0; i < 7; ++i) asked.tasks[i].context = "{\"n\": " + std::to_string(i) + "}";
  const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(asked, reply); });
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->parts.size(), 6u);
  EXPECT_FALSE(answer->parts[0]->replayed);
  EXPECT_TRUE(answer->parts[1]->replayed);
  EXPECT_EQ(answer->parts[1]->tasks, before->tasks);
  EXPECT_EQ(answer->parts[2].error().code, Code::idempotency_key_reused);
  EXPECT_TRUE(answer->parts[3]->replayed) << "of two with one key in one call, the first creates";
  EXPECT_EQ(answer->parts[3]->tasks, answer->parts[0]->tasks);
  EXPECT_FALSE(answer->parts[4]->replayed);
  EXPECT_EQ(answer->parts[5].error().code, Code::idempotency_key_reused);
  EXPECT_EQ(answer->claimed.size(), 2u);
  EXPECT_EQ(count("task"), "6");
  for (const auto& [part, n] : {std::pair(0u, "0"), std::pair(4u, "5")}) {
    EXPECT_EQ(world.sql.value("select context ->> 'n' from tasker.task where task_id = " + text_of(answer->parts[part]->tasks[0])), n);
  }
  world.check_rows();
}

// The answer got lost, and the call comes again with its own ids: it is the first one, not a repetition of it.
TEST_F(Idempotency, ACallWhoseAnswerGotLostContinues) {
  const std::string call =
      "select claim_no from tasker.submit_keyed_tasks_v2('{l,k}', '{00ff,00ff}', '{3600,3600}', '{1,1}', 1, '{640,641}', '{1,1}',"
      " '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 10, '{1}', clock_timestamp(), '{}') where task_id > 0";
  EXPECT_EQ(world.sql.rows(call).size(), 2u);
  const auto again = world.sql.rows(call);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0][0], "1") << "its own claims, as the first answer had them";
  EXPECT_EQ(count("task"), "2");
}

// Between the call and its repetition the time of one of its keys ran out, of the first or of another.
TEST_F(Idempotency, ARepetitionMayFindAKeyOfItsOwnExpired) {
  const std::string call =
      "select count(*) from tasker.submit_keyed_tasks_v2('{l,k}', '{00ff,00ff}', '{3600,3600}', '{1,1}', 1, '{640,641}', '{1,1}',"
      " '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 10, '{1}', clock_timestamp(), '{}') where task_id > 0 and claim_no > 0";
  ASSERT_EQ(world.sql.value(call), "2");
  for (const char* key : {"l", "k"}) {
    world.sql.exec("update tasker.idempotency_key set expires_at = clock_timestamp() - interval '1 s' where key = '" + std::string(key) + "'");
    EXPECT_EQ(world.sql.value(call), "2") << key;
  }
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

// Old partitions are dropped whole, and the key is no part of them.
TEST_F(Idempotency, AKeyOutlivesItsTasks) {
  const auto first = submit("k");
  ASSERT_TRUE(first) << first.error().message;
  for (const char* table : {"task", "step", "step_edge", "attempt", "annotation"})
    world.sql.exec("drop table tasker." + std::string(table) + "_0");
  world.sql.exec("select tasker.ensure_partitions(0, 1)");
  const auto again = submit("k");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->tasks, first->tasks);
  EXPECT_EQ(count("task"), "0");
}

// A host has the ids of one request and makes the keys of others with them: either all of a call is made with other ids, or none.
TEST_F(Idempotency, IdsThatAreInUseTakeNoKeys) {
  ASSERT_TRUE(submit("old"));
  world.sql.exec("select setval('tasker.task_block', 1, false)");
  const auto restored = world.another_store();
  auto asked = request("", "", 4);
  const auto key = [](const char* name) { return engine::IdempotencyKey{name, kDigest, std::chrono::hours(1)}; };
  asked.parts = {{2, key("old")}, {1, key("new")}, {1, key("newer")}};  // the first part has the ids that "old" got
  const auto answer = await<engine::SubmitAnswer>([&](auto reply) { restored->submit(asked, reply); });
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->parts.size(), 3u);
  EXPECT_TRUE(answer->parts[0]->replayed);
  EXPECT_EQ(answer->parts[0]->tasks, (std::vector<TaskId>{TaskId{64}, TaskId{65}}));
  for (const std::size_t part : {1u, 2u}) {
    EXPECT_FALSE(answer->parts[part]->replayed);
    EXPECT_GE(raw(answer->parts[part]->tasks.at(0)), 128);
  }
  EXPECT_EQ(answer->claimed.size(), 2u);
  EXPECT_EQ(count("task"), "4");
  world.check_rows();
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
  auto asked = request("", "", 2);  // no key
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
