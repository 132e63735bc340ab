#include "store/rows.h"

#include <charconv>
#include <pqxx/pqxx>

namespace tasker::store {

int Rows::size() const { return result_ ? static_cast<int>(result_->size()) : 0; }

bool Rows::is_null(int row, int column) const { return (*result_)[row][column].is_null(); }

std::string_view Rows::text(int row, int column) const {
  const pqxx::field field = (*result_)[row][column];
  return {field.c_str(), field.size()};
}

std::int64_t Rows::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace tasker::store
