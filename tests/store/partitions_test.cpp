// Partitions are made while work goes on: by one host at a time, apart from their parent, and without one for the rest.
#include <map>
#include <set>
#include <thread>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

constexpr const char* kFarAhead = "select tasker.ensure_partitions(4194304 * 3, 1)";

TEST(Partitions, TwoHostsMakingTheSameOnesBothSucceed) {
  PgWorld world;
  SqlClient first(world.db.conninfo()), second(world.db.conninfo());
  first.exec("begin");
  const std::string made = first.value(kFarAhead);
  second.start(kFarAhead);
  world.sql.wait_until_blocked(second.backend_pid());
  first.exec("commit");
  const auto late = second.finish();
  ASSERT_TRUE(late.ok()) << late.message;
  EXPECT_EQ(late.rows.at(0).at(0), made);
  EXPECT_EQ(world.sql.value("select count(*) from pg_inherits where inhparent = 'tasker.step'::regclass"), "2");
}

// A host that was interrupted leaves some tables with their partition and some without: the next call makes the rest.
TEST(Partitions, WhatIsMissingIsMade) {
  PgWorld world;
  world.sql.exec(kFarAhead);
  world.sql.exec("drop table tasker.annotation_3, tasker.attempt_3");
  world.sql.exec(kFarAhead);
  EXPECT_EQ(world.sql.value("select count(distinct inhparent) from pg_inherits where inhrelid::regclass::text like '%\\_3'"), "5");
}

// Its presence makes every new partition scan it under a lock that stops all work.
TEST(Partitions, ThereIsNoDefaultPartition) {
  PgWorld world;
  EXPECT_EQ(world.sql.value("select count(*) || ' ' || count(*) filter (where partdefid <> 0) from pg_partitioned_table"), "5 0");
}

// A parent that is locked even for a moment waits for every open SELECT on it and holds up all that come later. ATTACH
// takes a lock that goes with reading and writing rows.
TEST(Partitions, NoParentIsLockedAgainstReadersOrWriters) {
  PgWorld world;
  SqlClient maker(world.db.conninfo());
  maker.exec("begin");
  maker.exec(kFarAhead);
  EXPECT_EQ(world.sql.value("select string_agg(distinct relation::regclass || ' ' || mode, ', ') from pg_locks"
                            " where pid = " + std::to_string(maker.backend_pid()) + " and relation in (select partrelid from"
                            " pg_partitioned_table) and mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',"
                            " 'AccessExclusiveLock')"), "");
  const auto one = world.publish("one", "a");
  EXPECT_EQ(world.run_to_end(world.submit(one.template_id, 17).claimed), 17);
  maker.exec("rollback");
}

// Several hosts take ids and submit across the border of two partitions while the second one is made: every id is given
// once, in whole blocks, and no call fails.
TEST(Partitions, ABorderIsCrossedUnderLoadWithoutGapDoubleOrError) {
  constexpr int kHosts = 4, kCalls = 12, kTasks = 50, kBlock = 64;
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  world.sql.exec("select setval('tasker.task_block', 4194304 / 64 - 20)");
  std::vector<std::vector<TaskId>> made(kHosts);
  std::vector<std::thread> threads;
  for (int each = 0; each < kHosts; ++each) {
    threads.emplace_back([&, each] {
      auto store = world.another_store();
      engine::SubmitRequest request;
      request.host = *await<HostId>([&](auto reply) { store->register_host({"w", "1", ""}, reply); });
      request.plugins = world.plugins();
      request.tasks.resize(kTasks);
      for (auto& task : request.tasks) task.template_id = linear.template_id;
      for (int call = 0; call < kCalls; ++call) {
        request.room = call % 2 ? 1000 : 0;
        const auto answer = await<engine::SubmitAnswer>([&](auto reply) { store->submit(request, reply); });
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->claimed.size(), call % 2 ? static_cast<std::size_t>(kTasks) : 0u);
        made[static_cast<std::size_t>(each)].insert(made[static_cast<std::size_t>(each)].end(), answer->tasks.begin(), answer->tasks.end());
      }
      EXPECT_EQ(store->counters().transient_retries.load(), 0u);
    });
  }
  for (auto& thread : threads) thread.join();
  std::map<std::int64_t, int> blocks;
  std::set<TaskId> ids;
  for (const auto& each : made) {
    EXPECT_TRUE(std::is_sorted(each.begin(), each.end())) << "ids of one host grow";
    for (const TaskId id : each) {
      EXPECT_TRUE(ids.insert(id).second) << "given twice: " << raw(id);
      ++blocks[raw(id) / kBlock];
    }
  }
  ASSERT_EQ(ids.size(), static_cast<std::size_t>(kHosts * kCalls * kTasks));
  EXPECT_LT(raw(*ids.begin()), 4194304);
  EXPECT_GT(raw(*ids.rbegin()), 4194304);
  EXPECT_EQ(blocks.rbegin()->first - blocks.begin()->first + 1, static_cast<std::int64_t>(blocks.size())) << "a block is missing";
  EXPECT_LE(std::count_if(blocks.begin(), blocks.end(), [](const auto& each) { return each.second < kBlock; }), kHosts)
      << "only a host's last block is not used up";
  EXPECT_EQ(world.sql.value("select count(*) || ' ' || count(distinct tableoid) from tasker.task"), std::to_string(ids.size()) + " 2");
  EXPECT_EQ(world.sql.value("select deadlocks from pg_stat_database where datname = current_database()"), "0");
  world.check_rows();
}

}  // namespace
}  // namespace tasker::test
