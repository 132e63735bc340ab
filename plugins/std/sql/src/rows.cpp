#include "rows.h"

#include <cmath>
#include <cstdlib>
#include <string>

namespace std_sql {
namespace {

using tasker::Json;

// Of pg_type, where they never change.
enum : Oid { kBool = 16, kInt8 = 20, kInt2 = 21, kInt4 = 23, kJson = 114, kFloat4 = 700, kFloat8 = 701, kJsonb = 3802 };

Json json_or_text(std::string text) {
  if (tasker::nests_too_deep(std::string_view(text))) return text;
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json(std::move(text)) : json;
}

Json number_or_text(std::string text) {
  const double number = std::strtod(text.c_str(), nullptr);
  return std::isfinite(number) ? Json(number) : Json(std::move(text));
}

// Everything else, numeric and timestamps too, stays the server's text, which loses nothing.
Json value_from(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return nullptr;
  std::string text(PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case kBool: return text == "t";
    case kInt2:
    case kInt4:
    case kInt8: return std::strtoll(text.c_str(), nullptr, 10);
    case kFloat4:
    case kFloat8: return number_or_text(std::move(text));
    case kJson:
    case kJsonb: return json_or_text(std::move(text));
    default: return text;
  }
}

}  // namespace

bool Rows::add(const PGresult* result) {
  const int columns = PQnfields(result);
  for (int row = 0; row < PQntuples(result); ++row) {
    Json object = Json::object();
    for (int column = 0; column < columns; ++column) {
      const char* name = PQfname(result, column);
      bytes_ += std::string_view(name).size() + static_cast<std::size_t>(PQgetlength(result, row, column)) + 6;
      object[name] = value_from(result, row, column);
    }
    rows_.push_back(std::move(object));
    if (rows_.size() > max_rows_ || bytes_ > max_bytes_) return false;
  }
  return true;
}

void Rows::end(const PGresult* last) {
  const std::string count = PQcmdTuples(const_cast<PGresult*>(last));  // NOLINT: libpq's signature
  if (!count.empty()) affected_ = std::strtoll(count.c_str(), nullptr, 10);
}

Json Rows::take() {
  const auto count = rows_.size();
  return {{"rows", std::move(rows_)}, {"row_count", count}, {"affected", affected_}};
}

}  // namespace std_sql
