// What a query answered: a view of libpqxx's result that keeps its header out of ours. Cheap to copy; text views live
// as long as any copy. Reading is allowed on [any] thread, one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqxx {
class result;
}

namespace tasker::store {

class Rows {
 public:
  Rows() = default;
  explicit Rows(std::shared_ptr<const pqxx::result> result) : result_(std::move(result)) {}

  int size() const;
  bool is_null(int row, int column) const;
  std::string_view text(int row, int column) const;      // "" for null
  std::int64_t integer(int row, int column) const;       // 0 for null
  bool boolean(int row, int column) const { return text(row, column) == "t"; }

 private:
  std::shared_ptr<const pqxx::result> result_;
};

// A statement's arguments as PostgreSQL reads them; nullopt is NULL.
using Params = std::vector<std::optional<std::string>>;

}  // namespace tasker::store
