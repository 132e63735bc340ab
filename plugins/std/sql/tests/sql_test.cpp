// std/sql as built, on a real PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "plugins_shipped/plugin_file.h"
#include "support/sql_client.h"
#include "support/temp_db.h"

namespace tasker::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class StdSql : public testing::Test {
 protected:
  json configuration() const {
    return {{"sources",
             {{"main", {{"url", database_.conninfo()}, {"queries", {{"one", "select $1::int as n"}}}}},
              {"reports", {{"url", database_.conninfo()}, {"read_only", true}, {"max_connections", 1}}}}}};
  }
  Answer run(json config, const json& context = json::object(), const std::atomic<std::uint32_t>* stop = nullptr) const {
    if (!config.contains("source")) config["source"] = "main";
    Attempt attempt{"execute"};
    attempt.context = context;
    attempt.config = std::move(config);
    attempt.stop_bits = stop;
    return plugin_.run(attempt);
  }
  json rows(const std::string& statement, const json& params = json::array()) const {
    const Answer answer = run({{"statement", statement}, {"params", params}});
    EXPECT_EQ(answer.kind, TASKER_OK) << answer.code << " " << answer.message;
    return answer.payload.value("rows", json());
  }

  TempDb database_{TempDb::Kind::empty};
  PluginFile plugin_{"std/sql-1.0.0", configuration()};
};

TEST_F(StdSql, ValuesComeFromTheTaskAsParametersAndRowsComeBackTyped) {
  rows("create table item (sku text primary key, price numeric, tags jsonb)");
  const Answer inserted = run({{"statement", "insert into item values ($1, $2, $3)"},
                               {"params", {"{/context/sku}", {{"$from", "/context/price"}}, {{"$from", "/context/tags"}}}}},
                              {{"sku", "'; drop table item; --"}, {"price", 12.5}, {"tags", {{"a", {1, 2}}}}});
  EXPECT_EQ(inserted.kind, TASKER_OK) << inserted.message;
  EXPECT_EQ(inserted.payload, json({{"rows", json::array()}, {"row_count", 0}, {"affected", 1}}));
  EXPECT_EQ(rows("select *, true as yes, 7::bigint as n, 0.5::float8 as x, null as nothing, 'NaN'::float8 as nan from item"),
            json({{{"sku", "'; drop table item; --"}, {"price", "12.5"}, {"tags", {{"a", {1, 2}}}}, {"yes", true}, {"n", 7}, {"x", 0.5},
                   {"nothing", nullptr}, {"nan", "NaN"}}}));
  const Answer configured = run({{"query", "one"}, {"params", {{{"$from", "/context/n"}}}}}, {{"n", 4}});
  EXPECT_EQ(configured.payload["rows"], json({{{"n", 4}}})) << configured.message;
}

TEST_F(StdSql, ErrorsAreClassifiedByTheirSqlstate) {
  rows("create table item (id int primary key)");
  rows("insert into item values (1)");
  const auto ends = [&](const char* statement, std::int32_t kind, const char* code) {
    const Answer answer = run({{"statement", statement}});
    EXPECT_EQ(answer.kind, kind) << statement;
    EXPECT_EQ(answer.code, code) << answer.message;
  };
  ends("insert into item values (1)", TASKER_FAIL, "SQL_23505");
  ends("select 1/0", TASKER_FAIL, "SQL_22012");
  ends("selekt", TASKER_FAIL, "SQL_42601");
  ends("select * from nowhere", TASKER_FAIL, "SQL_42P01");
  ends("do $$begin raise sqlstate '40001'; end$$", TASKER_RETRY, "SQL_40001");
  ends("do $$begin raise sqlstate '40P01'; end$$", TASKER_RETRY, "SQL_40P01");
  ends("do $$begin raise sqlstate '53300'; end$$", TASKER_RETRY, "SQL_53300");
  ends("do $$begin raise sqlstate '55P03'; end$$", TASKER_RETRY, "SQL_55P03");
  ends("do $$begin raise sqlstate 'P0001'; end$$", TASKER_FAIL, "SQL_P0001");
  ends("select 1; select 2", TASKER_FAIL, "SQL_42601");
  ends("begin", TASKER_FAIL, "sql.open_transaction");
  ends("copy item to stdout", TASKER_FAIL, "sql.not_a_statement");
  ends(" ", TASKER_FAIL, "sql.not_a_statement");
  EXPECT_EQ(rows("select 1 as n"), json({{{"n", 1}}})) << "the connection is whole again, or another";
}

TEST_F(StdSql, ALostConnectionIsTriedAgainOnANewOne) {
  const auto pid = rows("select pg_backend_pid() as pid")[0]["pid"];
  const Answer lost = run({{"statement", "select pg_terminate_backend(pg_backend_pid())"}});
  EXPECT_EQ(lost.kind, TASKER_RETRY);
  EXPECT_THAT(lost.code, testing::AnyOf("SQL_57P01", "sql.connection_lost"));
  EXPECT_NE(rows("select pg_backend_pid() as pid")[0]["pid"], pid);

  const PluginFile nowhere("std/sql-1.0.0", {{"sources", {{"main", {{"url", "host=/nowhere dbname=secret password=sesame"}}}}}});
  Attempt attempt{"execute"};
  attempt.config = {{"source", "main"}, {"statement", "select 1"}};
  const Answer away = nowhere.run(attempt);
  EXPECT_EQ(away.kind, TASKER_RETRY);
  EXPECT_EQ(away.code, "sql.unreachable");
  EXPECT_THAT(away.message, Not(HasSubstr("sesame")));
}

TEST_F(StdSql, AnIdleConnectionThatTheServerClosedCostsNoAttempt) {
  const auto pid = rows("select pg_backend_pid() as pid")[0]["pid"].get<int>();
  SqlClient other(database_.conninfo());
  other.exec("select pg_terminate_backend(" + std::to_string(pid) + ", 10000)");
  EXPECT_EQ(rows("select 1 as n"), json({{{"n", 1}}}));
}

TEST_F(StdSql, AStatementThatTakesTooLongIsRetryableAndLeavesNothingRunning) {
  const Answer answer = run({{"statement", "select pg_sleep(60)"}, {"timeout_seconds", 0.2}});
  EXPECT_EQ(answer.kind, TASKER_RETRY);
  EXPECT_EQ(answer.code, "SQL_57014");
  EXPECT_EQ(rows("select count(*) as n from pg_stat_activity where datname = current_database() and query like '%sleep(60)%' and pid <> pg_backend_pid()"),
            json({{{"n", 0}}}));
}

TEST_F(StdSql, AStopCancelsTheStatementAtTheServer) {
  std::atomic<std::uint32_t> stop = 0;
  Answer answer;
  std::thread caller([&] { answer = run({{"statement", "select pg_sleep(60)"}}, json::object(), &stop); });
  SqlClient other(database_.conninfo());
  const std::string running = "select count(*) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)' and state = 'active'";
  other.wait_for(running, "1");
  stop = TASKER_STOP_DRAINING;
  caller.join();
  EXPECT_EQ(answer.kind, TASKER_CANCELLED);
  EXPECT_EQ(other.value(running), "0");
}

TEST_F(StdSql, ConnectionsAreBoundedAndReadOnlySourcesWriteNothing) {
  rows("create table item (id int)");
  const Answer write = run({{"source", "reports"}, {"statement", "insert into item values (1)"}});
  EXPECT_EQ(write.kind, TASKER_RETRY) << "as after a failover";
  EXPECT_EQ(write.code, "SQL_25006");
  std::atomic<std::uint32_t> stop = 0;
  std::thread holder([&] { run({{"source", "reports"}, {"statement", "select pg_sleep(60)"}}, json::object(), &stop); });
  SqlClient other(database_.conninfo());
  other.wait_for("select count(*) from pg_stat_activity where datname = current_database() and query = 'select pg_sleep(60)'", "1");
  const Answer busy = run({{"source", "reports"}, {"statement", "select 1"}, {"timeout_seconds", 0.05}});
  EXPECT_EQ(busy.code, "sql.busy") << busy.message;
  stop = TASKER_STOP_DRAINING;
  holder.join();
}

TEST_F(StdSql, AnswersBeyondTheLimitsAreRefusedForGood) {
  EXPECT_EQ(run({{"statement", "select generate_series(1, 1000)"}}).payload["row_count"], 1000);
  EXPECT_EQ(run({{"statement", "select generate_series(1, 1001)"}}).code, "sql.too_large");
  EXPECT_EQ(run({{"statement", "select repeat('x', 3000)"}, {"max_result_kib", 2}}).code, "sql.too_large");
  EXPECT_EQ(rows("select 1 as n"), json({{{"n", 1}}}));
}

TEST_F(StdSql, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(run({{"source", "other"}, {"statement", "select 1"}}).code, "sql.unknown_source");
  EXPECT_EQ(run({{"query", "two"}}).code, "sql.unknown_query");
  EXPECT_EQ(run(json::object()).code, "config.invalid");
  EXPECT_EQ(run({{"query", "one"}, {"statement", "select 1"}}).code, "config.invalid");
  EXPECT_THAT(run({{"statement", {{"$from", "/context/sql"}}}}, {{"sql", "select 1"}}).message, HasSubstr("only params come from the task"));
  EXPECT_EQ(run({{"statement", "select '{/context/x}' as t"}}).payload["rows"][0]["t"], "{/context/x}");
  EXPECT_EQ(PluginFile::refusal("std/sql-1.0.0", {{"sources", {{"a", json::object()}}}}).code, "config.invalid");
}

}  // namespace
}  // namespace tasker::test
