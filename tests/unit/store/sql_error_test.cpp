#include "store/sql_error.h"

#include <gtest/gtest.h>

#include "store/conninfo.h"
#include "store/sql_text.h"

namespace tasker::store {
namespace {

TEST(SqlError, EachGroupOfStatesHasItsCode) {
  const auto code = [](const char* state) { return sql_error_of(state, "ERROR:  text\nCONTEXT: more", "complete").error.code; };
  EXPECT_EQ(code("TK001"), Code::host_dead);
  EXPECT_EQ(code("TK010"), Code::plugin_version_immutable);
  EXPECT_EQ(code("22P02"), Code::database_bad_value);
  EXPECT_EQ(code("22021"), Code::database_bad_value);
  EXPECT_EQ(code("54001"), Code::database_bad_value);
  EXPECT_EQ(code("55P03"), Code::database_locked);
  EXPECT_EQ(code("57014"), Code::database_locked);
  EXPECT_EQ(code("53300"), Code::database_unavailable);
  EXPECT_EQ(code("57P01"), Code::database_unavailable);
  EXPECT_EQ(code("42P01"), Code::database_error);
}

TEST(SqlError, DeadlocksAreRepeatedAndLostConnectionsDropped) {
  EXPECT_EQ(sql_error_of("40P01", "", "x").failure, SqlFailure::transient);
  EXPECT_EQ(sql_error_of("40001", "", "x").failure, SqlFailure::transient);
  EXPECT_EQ(sql_error_of("57P01", "", "x").failure, SqlFailure::broken);
  EXPECT_EQ(sql_error_of("57014", "", "x").failure, SqlFailure::call);
  EXPECT_EQ(sql_error_of("25006", "", "x").failure, SqlFailure::read_only) << "a primary that became a standby";
  EXPECT_EQ(sql_error_of("25006", "", "x").error.code, Code::database_unavailable);
  EXPECT_EQ(sql_error_of("55P03", "", "x").error.retry, Retry::later);
  EXPECT_EQ(sql_error_of("22P02", "", "x").error.retry, Retry::never);
}

TEST(SqlError, TheSentenceSaysWhatWasTriedAndIsOneLine) {
  const auto message = sql_error_of("22P02", "ERROR:  invalid input syntax\nDETAIL: x", "complete").error.message;
  EXPECT_EQ(message, "the database cannot hold a value of complete: invalid input syntax");
}

TEST(Conninfo, TakesKeywordsAndUrisAndAddsItsSettings) {
  const auto uri = complete_conninfo("postgresql://me:se%27cret@db:5433/work?sslmode=require", {});
  ASSERT_TRUE(uri);
  for (const char* part : {"user='me'", "password='se\\'cret'", "host='db'", "port='5433'", "sslmode='require'",
                           "tcp_user_timeout='20000'", "jit=off", "force_generic_plan", "lock_timeout=5000"}) {
    EXPECT_NE(uri->find(part), std::string::npos) << part;
  }
  const auto own = complete_conninfo("dbname=x application_name=mine connect_timeout=3 options='-c work_mem=1MB'", {});
  EXPECT_NE(own->find("application_name='mine'"), std::string::npos);
  EXPECT_NE(own->find("connect_timeout='3'"), std::string::npos);
  EXPECT_NE(own->find("options='-c work_mem=1MB -c search_path"), std::string::npos);
  EXPECT_EQ(complete_conninfo("nonsense", {}).error().code, Code::config_invalid);
}

TEST(Conninfo, AmongSeveralHostsTheOneThatTakesWritesIsMeant) {
  const auto has = [](const char* conninfo, const char* part) {
    return complete_conninfo(conninfo, {})->find(part) != std::string::npos;
  };
  EXPECT_TRUE(has("host=a,b dbname=x", "target_session_attrs='read-write'"));
  EXPECT_TRUE(has("host=a,b dbname=x target_session_attrs=any", "target_session_attrs='any'"));
  EXPECT_FALSE(has("host=a dbname=x", "target_session_attrs='read-write'")) << "a lone standby is told apart by name";
}

TEST(SqlText, HoldsNumberedMigrationsFunctionsAndNamedQueries) {
  ASSERT_FALSE(migrations().empty());
  EXPECT_EQ(migrations()[0].number, 1);
  EXPECT_FALSE(functions().empty());
  EXPECT_NE(query("complete").find("tasker.complete_steps("), std::string_view::npos);
  EXPECT_EQ(query("complete").find("-- name:"), std::string_view::npos);
  EXPECT_THROW(query("no_such_query"), std::logic_error);
}

}  // namespace
}  // namespace tasker::store
