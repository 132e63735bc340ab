// The migrator: twice, two at once, a database newer than the program, an unfit server, and the dump in sql/schema.sql.
#include <array>
#include <cstdlib>
#include <thread>

#include "model/outcome.h"
#include "model/states.h"
#include "store/migrator.h"
#include "store/pg_store.h"
#include "store/server_check.h"
#include "store/sql_text.h"
#include "support/files.h"
#include "support/sql_client.h"
#include "support/temp_db.h"

namespace tasker::test {
namespace {

const int kNewest = static_cast<int>(store::migrations().size());

TEST(Migrator, MakesEverythingOnceAndNothingTheSecondTime) {
  const TempDb db(TempDb::Kind::empty);
  auto status = store::migration_status(db.conninfo());
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->database, 0);
  EXPECT_EQ(static_cast<int>(status->pending.size()), kNewest);

  const auto first = store::migrate(db.conninfo());
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->before, 0);
  EXPECT_EQ(first->after, kNewest);
  EXPECT_EQ(static_cast<int>(first->applied.size()), kNewest);
  EXPECT_EQ(first->functions.size(), store::functions().size());

  const auto second = store::migrate(db.conninfo());
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->before, kNewest);
  EXPECT_TRUE(second->applied.empty());
  EXPECT_TRUE(second->functions.empty());
  status = store::migration_status(db.conninfo());
  EXPECT_TRUE(status->pending.empty());
  EXPECT_TRUE(status->functions.empty());
  SqlClient sql(db.conninfo());
  EXPECT_EQ(sql.value("select count(*) from pg_inherits where inhparent = 'tasker.task'::regclass"), "1");
}

TEST(Migrator, TwoHostsAtOnceBothSucceed) {
  for (int round = 0; round < 3; ++round) {
    const TempDb db(TempDb::Kind::empty);
    std::array<std::string, 3> problems;
    std::array<std::size_t, 3> applied{};
    std::vector<std::thread> hosts;
    for (std::size_t i = 0; i < problems.size(); ++i) {
      hosts.emplace_back([&, i] {
        const auto report = store::migrate(db.conninfo());
        if (!report) problems[i] = report.error().message;
        else applied[i] = report->applied.size();
      });
    }
    for (auto& host : hosts) host.join();
    for (const auto& problem : problems) EXPECT_EQ(problem, "");
    EXPECT_EQ(static_cast<int>(applied[0] + applied[1] + applied[2]), kNewest) << "each migration ran once";
  }
}

TEST(Migrator, GoesOnWhereItStopped) {
  const TempDb db(TempDb::Kind::empty);
  SqlClient sql(db.conninfo());
  sql.exec("create schema tasker; create table tasker.host (wrong int)");  // stands in the way of 0003
  const auto stopped = store::migrate(db.conninfo());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::database_error);
  EXPECT_NE(stopped.error().message.find("0003"), std::string::npos) << stopped.error().message;
  EXPECT_EQ(sql.value("select max(number) from tasker.migration"), "2");
  sql.exec("drop table tasker.host");
  const auto report = store::migrate(db.conninfo());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->before, 2);
  EXPECT_EQ(static_cast<int>(report->applied.size()), kNewest - 2);
}

TEST(Migrator, AppliesFunctionsWhoseTextChanged) {
  const TempDb db;
  SqlClient sql(db.conninfo());
  sql.exec("update tasker.applied_function set digest = 'old' where name in ('hosts', 'claim_steps')");
  const auto status = store::migration_status(db.conninfo());
  EXPECT_EQ(status->functions, (std::vector<std::string>{"claim_steps", "hosts"}));
  const auto report = store::migrate(db.conninfo());
  EXPECT_EQ(report->functions, (std::vector<std::string>{"claim_steps", "hosts"}));
}

TEST(Migrator, RefusesADatabaseThatIsNewerThanTheProgram) {
  const TempDb db;
  SqlClient sql(db.conninfo());
  sql.exec("insert into tasker.migration (number, name) values (9000, '9000_from_the_future')");
  sql.exec("update tasker.applied_function set digest = 'newer'");
  const auto report = store::migrate(db.conninfo());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::database_newer);
  EXPECT_EQ(report.error().retry, Retry::never);
  EXPECT_NE(report.error().message.find("9000_from_the_future"), std::string::npos);
  EXPECT_EQ(sql.value("select count(distinct digest) from tasker.applied_function"), "1") << "nothing was touched";
}

TEST(Migrator, SaysWhenTheDatabaseCannotBeReached) {
  const auto report = store::migrate("host=/nonexistent dbname=none");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::database_unavailable);
  EXPECT_EQ(report.error().retry, Retry::later);
  EXPECT_EQ(store::migrate("no connection string =").error().code, Code::config_invalid);
  store::PgStore::Options options;
  options.conninfo = "host=/nonexistent dbname=none";
  EXPECT_EQ(store::PgStore::open(options).error().code, Code::database_unavailable);
}

TEST(ServerCheck, RefusesWhatCannotWorkAndWarnsOfWhatIsDangerous) {
  const store::ServerFacts fine{150004, "UTF8", false, true, true, "on", 97, 10};
  EXPECT_TRUE(store::judge_server(fine, 6)->empty());
  const auto unfit = [&](auto change) {
    auto facts = fine;
    change(facts);
    const auto verdict = store::judge_server(facts, 6);
    return !verdict && verdict.error().code == Code::database_unfit;
  };
  EXPECT_TRUE(unfit([](auto& facts) { facts.version_num = 140010; }));
  EXPECT_TRUE(unfit([](auto& facts) { facts.encoding = "SQL_ASCII"; }));
  EXPECT_TRUE(unfit([](auto& facts) { facts.in_recovery = true; }));
  EXPECT_TRUE(unfit([](auto& facts) { facts.used_connections = 92; }));
  auto risky = fine;
  risky.fsync = risky.full_page_writes = false;
  risky.synchronous_commit = "off";
  EXPECT_EQ(store::judge_server(risky, 6)->size(), 3u);
}

template <class States>
void expect_enum(SqlClient& sql, const std::string& type, const States& states) {
  std::string words;
  for (const auto state : states) words += (words.empty() ? "" : " ") + std::string(model::state_text(state));
  EXPECT_EQ(sql.value("select string_agg(enumlabel, ' ' order by enumsortorder) from pg_enum"
                      " where enumtypid = 'tasker." + type + "'::regtype"), words);
  for (const auto state : states) {
    EXPECT_EQ(sql.value("select tasker.seed_status('" + std::string(model::state_text(state)) + "'::tasker." + type + ")"),
              model::seed_status(state));
  }
}

TEST(Vocabulary, StatesAndOutcomesAreSpelledAsInTheModel) {
  const TempDb db;
  SqlClient sql(db.conninfo());
  expect_enum(sql, "task_state", model::kTaskStates);
  expect_enum(sql, "step_state", model::kStepStates);
  for (const auto state : model::kStepStates) {
    const std::string literal = "('" + std::string(model::state_text(state)) + "')";
    EXPECT_EQ(sql.value("select tasker.satisfies_child" + literal), model::satisfies_child(state) ? "t" : "f");
    EXPECT_EQ(sql.value("select tasker.is_terminal" + literal), model::is_final(state) ? "t" : "f");
  }
  std::string words;
  for (int kind = 0; kind <= 6; ++kind) {
    words += (kind ? " " : "") + std::string(model::outcome_text(static_cast<model::OutcomeKind>(kind)));
  }
  EXPECT_EQ(sql.value("select string_agg(enumlabel, ' ' order by enumsortorder) from pg_enum"
                      " where enumtypid = 'tasker.attempt_outcome'::regtype"), words);
}

// sql/schema.sql is what the migrations amount to, and the signatures of the functions; their bodies are in
// sql/functions. To refresh it: TASKER_UPDATE_SCHEMA=1 with this test.
std::string dump_schema(const TempDb& db) {
  std::string command = "pg_dump --schema-only --schema=tasker --no-owner --no-privileges --restrict-key=x -d '" +
                        db.conninfo() + "' 2>/dev/null";
  std::string text;
  for (const bool restricted : {true, false}) {
    if (!restricted) command.erase(command.find(" --restrict-key=x"), 17);
    FILE* pipe = ::popen(command.c_str(), "r");
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
    if (::pclose(pipe) == 0 && !text.empty()) break;
    text.clear();
  }
  std::string normal;
  std::istringstream lines(text);
  bool last_empty = true;
  bool in_function = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("CREATE FUNCTION")) {
      normal += line + ";\n";
      last_empty = false;
      in_function = true;
    }
    if (in_function) {
      in_function = !line.ends_with("$$;") && !(line.starts_with("    RETURN ") && line.ends_with(";"));
      continue;
    }
    if (line.starts_with("--") || line.starts_with("\\restrict") || line.starts_with("\\unrestrict") ||
        line.starts_with("SET ") || line.starts_with("SELECT pg_catalog.set_config")) {
      continue;
    }
    if (line.empty() && last_empty) continue;
    last_empty = line.empty();
    normal += line + "\n";
  }
  return normal;
}

TEST(Schema, TheDumpIsUpToDate) {
  const TempDb db;
  const std::string dumped = dump_schema(db);
  if (dumped.empty()) GTEST_SKIP() << "pg_dump is not installed";
  const auto path = source_path("sql/schema.sql");
  if (std::getenv("TASKER_UPDATE_SCHEMA")) write_file(path, dumped);
  EXPECT_TRUE(read_file(path) == dumped)
      << "run TASKER_UPDATE_SCHEMA=1 " << TASKER_BINARY_DIR << "/tests/tasker-store-tests --gtest_filter=Schema.* and read the diff";
}

}  // namespace
}  // namespace tasker::test
