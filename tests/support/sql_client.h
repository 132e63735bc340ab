// A plain connection to PostgreSQL for tests that speak SQL: to look at rows, to stand in the way on purpose, and to
// run a statement in the background until something else has happened. Its statement failures are values. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace tasker::test {

struct SqlAnswer {
  std::string sqlstate;  // empty: it worked
  std::string message;
  std::vector<std::vector<std::string>> rows;  // NULL is ""

  bool ok() const { return sqlstate.empty(); }
};

class SqlClient {
 public:
  explicit SqlClient(const std::string& conninfo);
  ~SqlClient();
  SqlClient(const SqlClient&) = delete;
  SqlClient& operator=(const SqlClient&) = delete;

  SqlAnswer try_exec(const std::string& sql);
  // The test fails when the statement does.
  std::vector<std::vector<std::string>> rows(const std::string& sql);
  std::string value(const std::string& sql);  // the first column of the first row, "" when there is none
  void exec(const std::string& sql) { rows(sql); }

  // In the background, until finish().
  void start(const std::string& sql);
  SqlAnswer finish(std::chrono::seconds deadline = std::chrono::seconds(30));
  bool is_busy();

  int backend_pid() const;
  // Polls until that back end waits for a lock somebody holds; the test fails after ten seconds.
  void wait_until_blocked(int backend_pid);
  // Polls until the query's first value is `wanted`; the test fails after ten seconds.
  void wait_for(const std::string& sql, const std::string& wanted);

 private:
  struct Link;
  std::unique_ptr<Link> link_;
};

}  // namespace tasker::test
