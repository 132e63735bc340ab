// The host's clock and the database's need not agree: when an attempt began and ended travels as durations from now.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

TEST(Clocks, AnAttemptsTimesAreDurationsBeforeTheDatabasesNow) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto attempt = finished(world.submit(one.template_id).claimed.at(0));
  attempt.ran = std::chrono::seconds(30);
  attempt.ended = std::chrono::steady_clock::now() - std::chrono::hours(1);
  world.complete({attempt});
  EXPECT_EQ(world.sql.value("select finished_at - started_at = interval '30 s' from tasker.attempt"), "t");
  EXPECT_EQ(world.sql.value("select clock_timestamp() - finished_at between interval '1 hour' and interval '61 minutes'"
                            " from tasker.attempt"), "t");
}

// The database's clock goes back by hours in the middle of a task: each call here comes earlier than the one before. What is
// ready runs, what is delayed waits for its own distance only, and nothing is found to repair.
TEST(Clocks, ADatabasesClockThatIsSetBackStopsNothing) {
  PgWorld world;
  const auto line = world.publish("line", "a; b: a");
  const TaskId task = world.submit_one(line.template_id, 0);
  const std::string id = text_of(task), lane = std::to_string(lane_of(task)), host = std::to_string(raw(world.host()));
  const std::string start = "timestamptz '" + world.sql.value("select clock_timestamp()") + "'";
  const auto at = [&](const std::string& distance) { return start + " - interval '" + distance + "'"; };
  const auto claim = [&](int room, const std::string& when) {
    const auto rows = world.sql.rows("select claim_no from tasker.claim_steps(" + host + ", " + lane + "::smallint, '{" +
                                     std::to_string(raw(line.plugin_id)) + "}', " + std::to_string(room) + ", " + when + ")");
    return rows.empty() ? "" : rows[0][0];
  };
  const auto complete = [&](int ord, int claim_no, const std::string& outcome, const std::string& when) {
    const auto rows = world.sql.rows(
        "select kind || claim_no from tasker.complete_steps(" + host + ", '{" + id + "}', '{" +
        std::to_string(ord) + "}', '{" + std::to_string(claim_no) + "}', '{" + outcome + "}', '{}', '{}', '{}', '{1000}', '{10}', " +
        "'{0}', '{}', null, 5, '{" + std::to_string(raw(line.plugin_id)) + "}', " + when + ")");
    return rows.empty() ? "" : rows[0][0];
  };
  const auto settle = [&](const std::string& when) {
    return world.sql.value("select tasker.settle_tasks('{" + id + "}', " + when + ")");
  };
  EXPECT_EQ(claim(5, at("1 h")), "1") << "ready since an hour from now";
  EXPECT_EQ(complete(1, 1, "retry", at("2 h")), "r1000");
  EXPECT_EQ(settle(at("3 h")), "0");
  EXPECT_EQ(claim(5, at("2 h")), "");
  EXPECT_EQ(claim(0, at("1 h 59 min")), "") << "due, and moved to the ready ones for whoever has room";
  EXPECT_EQ(settle(at("4 h")), "0") << "before it was due";
  EXPECT_EQ(claim(5, at("4 h")), "2");
  EXPECT_EQ(complete(1, 2, "ok", at("5 h")), "c1");
  EXPECT_EQ(complete(2, 1, "ok", at("6 h")), "d0");
  EXPECT_EQ(world.task_state(task), "complete");
  EXPECT_EQ(settle(at("7 h")), "0");
  world.check_rows();
}

}  // namespace
}  // namespace tasker::test
