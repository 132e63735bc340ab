// One connection to PostgreSQL, by libpq without blocking: every wait has an end and looks whether the attempt is to stop,
// and a statement that is given up is cancelled at the server. One thread at a time.
#pragma once

#include <libpq-fe.h>
#include <tasker/sdk.h>

#include <memory>
#include <string>

#include "query.h"
#include "rows.h"
#include "wait.h"

namespace std_sql {

class Connection {
 public:
  // Throws RetryableError sql.unreachable or Cancelled. `name` is for sentences, which never show the URL.
  Connection(const std::string& url, const std::string& name, bool read_only, const Wait& wait);

  // Idle, outside a transaction, and not closed by the server as far as one can see without asking it.
  bool is_good() const;

  // Throws RetryableError or PermanentError with the code SQL_<sqlstate>, sql.connection_lost, sql.timeout,
  // sql.too_large, sql.not_a_statement or sql.open_transaction, or Cancelled.
  tasker::Json execute(const Query& query, const Wait& wait);

 private:
  enum class Given { up_by_time, up_by_stop, not_up };

  void set(const std::string& statement, const Wait& wait);
  void set_timeout(milliseconds time, const Wait& wait);
  bool await_result(const Wait& wait);
  Given collect(Rows& rows, const Wait& wait);
  void cancel();
  [[noreturn]] void fail_connecting(const std::string& name) const;

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_{nullptr, &PQfinish};
  milliseconds timeout_{0};  // what the server was told last
};

}  // namespace std_sql
