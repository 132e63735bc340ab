// Gathers what a statement answers, row by row, into JSON, within limits. One thread.
#pragma once

#include <libpq-fe.h>
#include <tasker/sdk.h>

#include <cstddef>

namespace std_sql {

class Rows {
 public:
  Rows(std::size_t max_rows, std::size_t max_bytes) : max_rows_(max_rows), max_bytes_(max_bytes) {}

  // False when it is more than the limits allow.
  bool add(const PGresult* result);
  // The statement's last result says how many rows it touched.
  void end(const PGresult* last);
  // {"rows": [{"column": value}], "row_count": n, "affected": n or null}
  tasker::Json take();

 private:
  const std::size_t max_rows_, max_bytes_;
  std::size_t bytes_ = 0;
  tasker::Json rows_ = tasker::Json::array();
  tasker::Json affected_;
};

}  // namespace std_sql
