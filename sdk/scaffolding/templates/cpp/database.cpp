#include "database.h"

#include <libpq-fe.h>
#include <tasker/sdk/errors.h>

#include <memory>

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// What stands behind `dbname` wins: the connection string may say otherwise.
Connection connect(const std::string& url) {
  const char* const keys[] = {"connect_timeout", "options", "fallback_application_name", "dbname", nullptr};
  const char* const values[] = {"5", "-c statement_timeout=30000", "@namespace@/@name@", url.c_str(), nullptr};
  Connection connection(PQconnectdbParams(keys, values, 1), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw tasker::RetryableError(PQerrorMessage(connection.get()), std::nullopt, "sql.unreachable");
  }
  return connection;
}

// A lost connection, a collision with another transaction, a server that is short of something or going down.
bool may_pass(const std::string& state) {
  for (const char* start : {"08", "40", "53", "55P03", "57", "58"}) {
    if (state.starts_with(start)) return true;
  }
  return state.empty();
}

[[noreturn]] void fail(const PGresult* result) {
  const char* found = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = found ? found : "";
  const std::string code = "SQL_" + (state.empty() ? "08000" : state);
  if (may_pass(state)) throw tasker::RetryableError(PQresultErrorMessage(result), std::nullopt, code);
  throw tasker::PermanentError(PQresultErrorMessage(result), code);
}

}  // namespace

Database::Rows Database::run(const std::string& statement, const std::vector<std::string>& values) const {
  const Connection connection = connect(url_);
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  const Result result(PQexecParams(connection.get(), statement.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(),
                                   nullptr, nullptr, 0), &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail(result.get());
  Rows rows(static_cast<std::size_t>(PQntuples(result.get())));
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      rows[static_cast<std::size_t>(row)].emplace_back(PQgetvalue(result.get(), row, column));
    }
  }
  return rows;
}
