// The connection under the store: bounded queues, deadlines, repeated deadlocks, hanging servers.
#include <signal.h>

#include <atomic>
#include <latch>
#include <thread>

#include "store/connection.h"
#include "support/cut_proxy.h"
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

  // For good calls under a short watch: a machine that stands still for as long cuts them off too.
  template <class Try>
  static bool sooner_or_later(Try well) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {
      if (well()) return true;
    } while (std::chrono::steady_clock::now() < deadline);
    return false;
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
           " and current_setting('enable_seqscan') = 'off' and current_setting('enable_bitmapscan') = 'off'"
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

// After a failover the name may lead elsewhere: only a new connection finds out.
TEST_F(ConnectionTest, AServerThatBecameReadOnlyIsLeftByAllAndItsNameLookedUpAnew) {
  auto at_once = options();
  at_once.session.reconnect_pause = std::chrono::milliseconds(0);
  store::Connection reader(at_once, watch, counters), writer(at_once, watch, counters);
  EXPECT_TRUE(run(reader, "lanes"));
  sql.exec("create or replace function tasker.lanes() returns integer language plpgsql as $$"
           " begin raise exception using errcode = '25006'; end $$");
  const auto refused = run(writer, "lanes");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::database_unavailable);
  EXPECT_EQ(refused.error().retry, Retry::later);
  EXPECT_NE(refused.error().message.find("read-only"), std::string::npos) << refused.error().message;
  sql.exec("create or replace function tasker.lanes() returns integer language sql as $$ select 16 $$");
  EXPECT_TRUE(run(reader, "lanes"));
  EXPECT_TRUE(run(writer, "lanes"));
  EXPECT_EQ(counters.connects.load(), 4u) << "what one connection found counts for all";
  EXPECT_EQ(counters.broken.load(), 2u);
}

TEST_F(ConnectionTest, AConnectThatFindsAReadOnlyServerFailsAndDisturbsNoOther) {
  auto at_once = options();
  at_once.session.reconnect_pause = std::chrono::milliseconds(0);
  store::Connection before(at_once, watch, counters), late(at_once, watch, counters);
  EXPECT_TRUE(run(before, "lanes"));
  sql.exec("alter database " + db.name() + " set default_transaction_read_only = on");
  const auto refused = run(late, "lanes");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::database_unavailable);
  EXPECT_NE(refused.error().message.find("read-only"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(run(before, "lanes"));
  EXPECT_EQ(counters.connects.load(), 1u) << "the name may lead to a primary and to its standby";
  sql.exec("alter database " + db.name() + " reset default_transaction_read_only");
  EXPECT_TRUE(run(late, "lanes"));
}

TEST_F(ConnectionTest, TellsWhyItCannotConnectAlsoBetweenItsTries) {
  auto nowhere = options();
  nowhere.session.conninfo = "host=/nonexistent dbname=x";
  nowhere.session.reconnect_pause = std::chrono::hours(1);
  store::Connection connection(nowhere, watch, counters);
  const auto first = run(connection, "lanes");
  const auto between = run(connection, "lanes");
  ASSERT_FALSE(first || between);
  EXPECT_NE(first.error().message.find("/nonexistent"), std::string::npos) << first.error().message;
  EXPECT_EQ(between.error().message, first.error().message);
}

TEST_F(ConnectionTest, ConnectsAtOnceWhenAnotherHasFoundTheServerBack) {
  const std::string late = db.name() + "_late";
  auto patient = options();
  patient.session.conninfo = TempDb::conninfo_of(late);
  patient.session.reconnect_pause = std::chrono::hours(1);
  auto eager = patient;
  eager.session.reconnect_pause = std::chrono::milliseconds(0);
  store::Connection first(eager, watch, counters), second(patient, watch, counters);
  EXPECT_FALSE(run(first, "lanes"));
  EXPECT_FALSE(run(second, "lanes"));
  SqlClient admin(TempDb::conninfo_of("postgres"));
  admin.exec("create database " + late);
  SqlClient(patient.session.conninfo)
      .exec("create schema tasker; create function tasker.lanes() returns int language sql as $$ select 16 $$");
  EXPECT_TRUE(run(first, "lanes"));
  EXPECT_TRUE(run(second, "lanes"));
  first.stop();
  second.stop();
  admin.exec("drop database " + late);
}

TEST_F(ConnectionTest, ALongerStatementTimeoutMovesTheWatchToo) {
  auto short_patience = options();
  short_patience.session.settings.statement_timeout = std::chrono::milliseconds(300);
  short_patience.session.watch_margin = std::chrono::milliseconds(200);
  store::Connection connection(short_patience, watch, counters);
  sql.exec("create or replace function tasker.lanes() returns integer language sql as $$ select 16 from pg_sleep(1.5) $$");
  const auto ends_in_time = [&] {
    const auto answer = await<bool>([&](auto reply) {
      connection.post([reply](store::Session& session) {
        session.set_statement_timeout(std::chrono::seconds(20));
        const bool well = session.run("lanes", {}).has_value();
        session.restore_statement_timeout();
        reply(well);
      });
    });
    return answer && *answer;
  };
  EXPECT_TRUE(sooner_or_later(ends_in_time));
  EXPECT_TRUE(sooner_or_later([&] {
    const auto again = run(connection, "lanes");
    return !again && again.error().code == Code::database_locked;
  }));
}

TEST_F(ConnectionTest, ACallThatHangsIsCutOffAndTheNextConnectsAnew) {
  auto short_patience = options();
  short_patience.session.settings.statement_timeout = std::chrono::milliseconds(300);
  short_patience.session.watch_margin = std::chrono::milliseconds(200);
  store::Connection connection(short_patience, watch, counters);
  ASSERT_TRUE(sooner_or_later([&] { return run(connection, "lanes").has_value(); }));
  const auto before = counters.cut_off.load();
  const auto pid = std::stoi(sql.value("select pid from pg_stat_activity where application_name = 'under_test'"));
  if (::kill(pid, SIGSTOP) != 0) GTEST_SKIP() << "the server runs elsewhere or under another account";
  const auto hung = run(connection, "lanes");
  ::kill(pid, SIGCONT);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Code::database_unavailable);
  EXPECT_EQ(counters.cut_off.load(), before + 1);
  EXPECT_TRUE(sooner_or_later([&] { return run(connection, "lanes").has_value(); }));
}

TEST_F(ConnectionTest, AClosedWatchEndsTheCallUnderWayAndTheNextOnesAtOnce) {
  store::Connection connection(options(), watch, counters);
  sql.exec("create or replace function tasker.lanes() returns integer language sql as $$ select 16 from pg_sleep(20) $$");
  Awaited<std::string> under_way;
  connection.post([reply = under_way.reply()](store::Session& session) {
    auto rows = session.run("lanes", {});
    reply(rows ? Result<std::string>("done") : Result<std::string>(rows.error()));
  });
  sql.wait_for("select count(*) from pg_stat_activity where application_name = 'under_test' and wait_event = 'PgSleep'", "1");
  watch.close();
  const auto cut_off = under_way.get();
  ASSERT_FALSE(cut_off);
  EXPECT_EQ(cut_off.error().code, Code::database_unavailable);
  EXPECT_EQ(run(connection, "lanes").error().code, Code::stopping);
}

TEST_F(ConnectionTest, AServerThatFallsSilentAfterTheLoginIsLeft) {
  CutProxy proxy(db.conninfo());
  proxy.fall_silent_after_login();
  auto short_patience = options();
  short_patience.session.conninfo = proxy.conninfo();
  short_patience.session.settings.statement_timeout = std::chrono::milliseconds(300);
  short_patience.session.watch_margin = std::chrono::milliseconds(200);
  store::Connection connection(short_patience, watch, counters);
  const auto hung = run(connection, "lanes");
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Code::database_unavailable);
  EXPECT_EQ(counters.cut_off.load(), 1u);
}

}  // namespace
}  // namespace tasker::test
