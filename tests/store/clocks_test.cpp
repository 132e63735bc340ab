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

}  // namespace
}  // namespace tasker::test
