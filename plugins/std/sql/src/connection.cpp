#include "connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "sql_state.h"

namespace std_sql {
namespace {

using tasker::Json;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

// How long a cancelled statement has to end before the connection is given up.
constexpr milliseconds kCancelPatience{5'000};

std::string one_line(const char* text) {
  std::string line(text == nullptr ? "" : text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void poll_for(int socket, short events, const Wait& wait) {
  pollfd ready{socket, events, 0};
  ::poll(&ready, 1, static_cast<int>(wait.slice().count()));
}

[[noreturn]] void fail_by_state(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string sentence = "PostgreSQL says: " + one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state == nullptr)
    throw tasker::RetryableError("the connection was lost, and whether the statement took effect is not known",
                                 std::nullopt, "sql.connection_lost");
  const std::string code = std::string("SQL_") + state;
  if (is_retryable(state)) throw tasker::RetryableError(sentence, std::nullopt, code);
  throw tasker::PermanentError(sentence, code);
}

}  // namespace

Connection::Connection(const std::string& url, const std::string& name, bool read_only, const Wait& wait) {
  // What stands behind the URL wins over it.
  const std::array<const char*, 5> keywords = {"dbname", "client_encoding", "application_name", "fallback_application_name", nullptr};
  const std::array<const char*, 5> values = {url.c_str(), "UTF8", "tasker std/sql", "tasker", nullptr};
  connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
  if (!connection_) throw std::bad_alloc();
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
  auto next = PQstatus(connection_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED || wait.is_over()) fail_connecting(name);
    if (wait.should_stop()) throw tasker::Cancelled();
    pollfd ready{PQsocket(connection_.get()), static_cast<short>(next == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    if (::poll(&ready, 1, static_cast<int>(wait.slice().count())) > 0) next = PQconnectPoll(connection_.get());
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0) fail_connecting(name);
  if (read_only) set("set default_transaction_read_only = on", wait);
}

void Connection::fail_connecting(const std::string& name) const {
  const std::string why = one_line(PQerrorMessage(connection_.get()));
  throw tasker::RetryableError("the source " + name + " cannot be reached: " + (why.empty() ? "it took too long" : why),
                               std::nullopt, "sql.unreachable");
}

bool Connection::is_good() const {
  PGconn* connection = connection_.get();
  if (PQstatus(connection) != CONNECTION_OK || PQtransactionStatus(connection) != PQTRANS_IDLE) return false;
  // A server that closed the connection made its socket readable.
  pollfd ready{PQsocket(connection), POLLIN, 0};
  while (::poll(&ready, 1, 0) > 0)
    if (PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK) return false;
  return true;
}

void Connection::set(const std::string& statement, const Wait& wait) {
  Rows rows(1, 1 << 10);
  if (PQsendQuery(connection_.get(), statement.c_str()) != 1 || collect(rows, wait) != Given::not_up)
    throw tasker::RetryableError("the connection could not be set up in time", std::nullopt, "sql.unreachable");
}

void Connection::set_timeout(milliseconds time, const Wait& wait) {
  if (timeout_ == time) return;
  set("set statement_timeout = " + std::to_string(time.count()), wait);
  timeout_ = time;
}

// False when the wait is over or the attempt is to stop.
bool Connection::await_result(const Wait& wait) {
  PGconn* connection = connection_.get();
  for (;;) {
    const int unsent = PQflush(connection);
    if (unsent < 0 || PQconsumeInput(connection) == 0 || PQisBusy(connection) == 0) return true;
    if (wait.is_over() || wait.should_stop()) return false;
    poll_for(PQsocket(connection), static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN), wait);
  }
}

void Connection::cancel() {
  const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(connection_.get()), &PQfreeCancel);
  char ignored[256];
  if (request) PQcancel(request.get(), ignored, sizeof ignored);
}

// Takes all results of one statement. Those of one that was given up are taken too, so that the connection is free.
Connection::Given Connection::collect(Rows& rows, const Wait& wait) {
  Result failed(nullptr, &PQclear), last(nullptr, &PQclear);
  Given given = Given::not_up;
  bool is_too_large = false;
  std::optional<Wait> patience;  // after it was cancelled
  const auto give_up = [&](Given why) {
    given = why;
    cancel();
    patience.emplace(kCancelPatience);
  };
  for (;;) {
    if (!await_result(patience ? *patience : wait)) {
      if (!patience) {
        give_up(wait.should_stop() ? Given::up_by_stop : Given::up_by_time);
        continue;
      }
      connection_.reset();
      break;
    }
    Result result(PQgetResult(connection_.get()), &PQclear);
    if (!result) break;
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      connection_.reset();
      throw tasker::PermanentError("COPY cannot be run by a step", "sql.not_a_statement");
    }
    if (status == PGRES_EMPTY_QUERY) continue;
    const bool has_rows = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK;
    if (has_rows && !is_too_large && !rows.add(result.get())) {
      is_too_large = true;
      if (!patience) give_up(Given::not_up);
    }
    if (status == PGRES_SINGLE_TUPLE) continue;
    (has_rows || status == PGRES_COMMAND_OK ? last : failed) = std::move(result);
  }
  if (is_too_large)
    throw tasker::PermanentError("the answer has more rows or bytes than max_rows or max_result_kib allow", "sql.too_large");
  // A statement that was cancelled too late took effect, and says so.
  if (given != Given::not_up && !last) return given;
  if (failed) fail_by_state(failed.get());
  if (!last) throw tasker::PermanentError("the statement is empty", "sql.not_a_statement");
  rows.end(last.get());
  return Given::not_up;
}

Json Connection::execute(const Query& query, const Wait& wait) {
  set_timeout(query.timeout, wait);
  std::vector<const char*> values;
  for (const auto& value : query.params) values.push_back(value ? value->c_str() : nullptr);
  if (PQsendQueryParams(connection_.get(), query.statement.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) != 1)
    throw tasker::RetryableError("the statement could not be sent: " + one_line(PQerrorMessage(connection_.get())), std::nullopt,
                                 "sql.connection_lost");
  PQsetSingleRowMode(connection_.get());
  Rows rows(query.max_rows, query.max_bytes);
  const Given given = collect(rows, wait);
  if (given == Given::up_by_stop) throw tasker::Cancelled();
  if (given == Given::up_by_time)
    throw tasker::RetryableError("the statement took longer than " + std::to_string(query.timeout.count()) + " ms", std::nullopt,
                                 "sql.timeout");
  if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE)
    throw tasker::PermanentError("the statement left a transaction open, which was rolled back: a step runs one statement",
                                 "sql.open_transaction");
  return rows.take();
}

}  // namespace std_sql
