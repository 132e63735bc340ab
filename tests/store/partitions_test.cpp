// Partitions are made while work goes on: by one host at a time, apart from their parent, and without one for the rest.
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

}  // namespace
}  // namespace tasker::test
