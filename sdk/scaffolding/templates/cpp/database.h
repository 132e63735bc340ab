// Statements on PostgreSQL by libpq, one connection for each. [any] thread.
#pragma once

#include <string>
#include <vector>

class Database {
 public:
  using Rows = std::vector<std::vector<std::string>>;  // NULL is empty

  // A libpq connection string or URI; what it leaves out, libpq takes from the environment (PGHOST, PGDATABASE, ...).
  explicit Database(std::string url) : url_(std::move(url)) {}

  // Values go beside the statement, never into it. Throws RetryableError sql.unreachable, and for what may pass by
  // itself; PermanentError for the rest. The code is SQL_<SQLSTATE>.
  Rows run(const std::string& statement, const std::vector<std::string>& values) const;

 private:
  std::string url_;
};
