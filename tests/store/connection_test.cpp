// The connection under the store: bounded queues, deadlines, repeated deadlocks, hanging servers.
#include <signal.h>

#include <atomic>
#include <latch>
#include <thread>

#include "store/connection.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

class ConnectionTest : public ::testing::Test {
 protected:
  store::Connection::Options options() {
    store::Connection::Options made;
    made.name = "test";
    made.session.conninfo = db.conninfo() + " application_name=under_test";
    return made;
  }
  Result<std::string> run(store::Connection& connection, std::string_view query, store::Params params = {}) {
    return await<std::string>([&](auto reply) {
      connection.post([=](store::Session& session) {
        auto rows = session.run(query, params);
        if (!rows) return reply(rows.error());
        reply(rows->size() ? std::string(rows->text(0, 0)) : std::string());
      });
    });
  }

  TempDb db;
  SqlClient sql{db.conninfo()};
  store::Counters counters;
  store::CallWatch watch{counters};
};

TEST_F(ConnectionTest, SetsWhatTheHotPathDependsOn) {
  store::Connection connection(options(), watch, counters);
  sql.exec("create or replace function tasker.lanes() returns integer language sql immutable as $$ select case when"
           " current_setting('jit') = 'off' and current_setting('plan_cache_mode') = 'force_generic_plan'"
           " and current_setting('enable_seqscan') = 'off'"
           " and current_setting('lock_timeout') = '5s' and current_setting('statement_timeout') = '30s'"
           " and current_setting('search_path') = 'tasker' and current_setting('TimeZone') = 'UTC'"
           " then 1 else 0 end $$");
  EXPECT_EQ(*run(connection, "lanes"), "1");
}

TEST_F(ConnectionTest, RefusesWorkBeyondItsBound) {
  auto bounded = options();
  bounded.max_queued = 3;
  store::Connection connection(bounded, watch, counters);
  std::latch entered(1), leave(1);
  ASSERT_TRUE(connection.post([&](store::Session&) {
    entered.count_down();
    leave.wait();
  }));
  entered.wait();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connection.post([](store::Session&) {}));
  EXPECT_FALSE(connection.post([](store::Session&) {}));
  EXPECT_EQ(counters.overloaded.load(), 1u);
  leave.count_down();
}

TEST_F(ConnectionTest, AnswersWhatWaitsWhenItStops) {
  auto roomy = options();
  roomy.max_queued = 10'000'000;
  store::Connection connection(roomy, watch, counters);
  std::latch entered(1), leave(1);
  ASSERT_TRUE(connection.post([&](store::Session&) {
    entered.count_down();
    leave.wait();
  }));
  entered.wait();
  std::atomic<int> stopped{0};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(connection.post([&](store::Session& session) {
      const auto rows = session.run("lanes", {});
      stopped += !rows && rows.error().code == Code::stopping;
    }));
  }
  std::thread stopping([&] { connection.stop(); });
  // Only a connection that stops refuses, so large is its queue.
  while (connection.post([](store::Session&) {})) std::this_thread::yield();
  leave.count_down();
  stopping.join();
  EXPECT_EQ(stopped.load(), 3);
}

TEST_F(ConnectionTest, WorkThatWaitedTooLongIsNotSent) {
  auto impatient = options();
  impatient.max_wait = std::chrono::milliseconds(0);
  store::Connection connection(impatient, watch, counters);
  EXPECT_EQ(run(connection, "lanes").error().code, Code::timed_out);
  EXPECT_EQ(counters.calls.load(), 0u);
}

TEST_F(ConnectionTest, RepeatsDeadlocksAndGivesUpInTheEnd) {
  sql.exec("create sequence public.tries; create or replace function tasker.lanes() returns integer language plpgsql as $$"
           " begin if nextval('public.tries') < 4 then raise exception using errcode = '40P01'; end if; return 7; end $$");
  store::Connection connection(options(), watch, counters);
  EXPECT_EQ(*run(connection, "lanes"), "7");
  EXPECT_EQ(counters.transient_retries.load(), 3u);
  sql.exec("select setval('public.tries', 1); create or replace function tasker.lanes() returns integer language plpgsql as $$"
           " begin raise exception using errcode = '40001', message = 'always'; end $$");
  const auto refused = run(connection, "lanes");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::database_locked);
  EXPECT_EQ(refused.error().retry, Retry::later);
}

TEST_F(ConnectionTest, ACallThatHangsIsCutOffAndTheNextConnectsAnew) {
  auto short_patience = options();
  short_patience.session.settings.statement_timeout = std::chrono::milliseconds(300);
  short_patience.session.watch_margin = std::chrono::milliseconds(200);
  store::Connection connection(short_patience, watch, counters);
  ASSERT_TRUE(run(connection, "lanes"));
  const auto pid = std::stoi(sql.value("select pid from pg_stat_activity where application_name = 'under_test'"));
  if (::kill(pid, SIGSTOP) != 0) GTEST_SKIP() << "the server runs elsewhere or under another account";
  const auto hung = run(connection, "lanes");
  ::kill(pid, SIGCONT);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Code::database_unavailable);
  EXPECT_EQ(counters.cut_off.load(), 1u);
  EXPECT_TRUE(run(connection, "lanes"));
}

}  // namespace
}  // namespace tasker::test
