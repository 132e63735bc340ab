#include "support/sql_client.h"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <poll.h>

#include <stdexcept>

namespace tasker::test {
namespace {

SqlAnswer read(PGresult* result) {
  SqlAnswer answer;
  const auto status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    answer.sqlstate = state ? state : "08006";
    answer.message = PQresultErrorMessage(result);
  }
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<std::string> values;
    for (int column = 0; column < PQnfields(result); ++column) values.emplace_back(PQgetvalue(result, row, column));
    answer.rows.push_back(std::move(values));
  }
  PQclear(result);
  return answer;
}

}  // namespace

struct SqlClient::Link {
  PGconn* connection = nullptr;
  ~Link() { PQfinish(connection); }
};

SqlClient::SqlClient(const std::string& conninfo) : link_(std::make_unique<Link>()) {
  link_->connection = PQconnectdb((conninfo + " options='-c search_path=tasker,public -c client_min_messages=warning"
                                              " -c statement_timeout=60000 -c TimeZone=UTC'").c_str());
  if (PQstatus(link_->connection) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(link_->connection));
}
SqlClient::~SqlClient() = default;

SqlAnswer SqlClient::try_exec(const std::string& sql) { return read(PQexec(link_->connection, sql.c_str())); }

std::vector<std::vector<std::string>> SqlClient::rows(const std::string& sql) {
  SqlAnswer answer = try_exec(sql);
  EXPECT_TRUE(answer.ok()) << answer.sqlstate << " " << answer.message << "in " << sql;
  return std::move(answer.rows);
}

std::string SqlClient::value(const std::string& sql) {
  const auto all = rows(sql);
  return all.empty() || all[0].empty() ? std::string() : all[0][0];
}

void SqlClient::start(const std::string& sql) {
  ASSERT_EQ(PQsendQuery(link_->connection, sql.c_str()), 1) << PQerrorMessage(link_->connection);
}

bool SqlClient::is_busy() {
  PQconsumeInput(link_->connection);
  return PQisBusy(link_->connection) == 1;
}

SqlAnswer SqlClient::finish(std::chrono::seconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (is_busy() && std::chrono::steady_clock::now() < until) {
    pollfd wait{PQsocket(link_->connection), POLLIN, 0};
    ::poll(&wait, 1, 100);
  }
  if (is_busy()) {
    ADD_FAILURE() << "a statement in the background did not end";
    return {"timeout", "", {}};
  }
  SqlAnswer answer;
  while (PGresult* result = PQgetResult(link_->connection)) answer = read(result);
  return answer;
}

int SqlClient::backend_pid() const { return PQbackendPID(link_->connection); }

void SqlClient::wait_until_blocked(int pid) {
  wait_for("select cardinality(pg_blocking_pids(" + std::to_string(pid) + ")) > 0", "t");
}

void SqlClient::wait_for(const std::string& sql, const std::string& wanted) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string seen;
  while (std::chrono::steady_clock::now() < until) {
    seen = value(sql);
    if (seen == wanted) return;
    ::poll(nullptr, 0, 2);
  }
  ADD_FAILURE() << sql << " is still " << seen << ", not " << wanted;
}

}  // namespace tasker::test
