#include "store/sql_text.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace tasker::store {
namespace {

constexpr std::string_view kNameMark = "-- name: ";

std::vector<Migration> number_migrations() {
  std::vector<Migration> found;
  for (const SqlFile& file : embedded_migrations()) {
    Migration migration{0, file.name, file.text, file.text.starts_with("--! breaking")};
    std::from_chars(file.name.data(), file.name.data() + file.name.size(), migration.number);
    found.push_back(migration);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].number != static_cast<int>(i) + 1) {
      throw std::logic_error("sql/migrations: the numbers must run from 1 without gaps or twins, see " +
                             std::string(found[i].name));
    }
  }
  return found;
}

void add_blocks(std::string_view text, std::vector<NamedQuery>& into) {
  std::size_t at = text.starts_with(kNameMark) ? 0 : text.find("\n-- name: ");
  while (at != std::string_view::npos) {
    if (text[at] == '\n') ++at;
    const std::size_t name_at = at + kNameMark.size();
    const std::size_t line_end = text.find('\n', name_at);
    const std::size_t next = text.find("\n-- name: ", line_end);
    const std::string_view body =
        text.substr(line_end + 1, next == std::string_view::npos ? next : next - line_end - 1);
    into.push_back({text.substr(name_at, line_end - name_at), body});
    at = next;
  }
}

std::vector<NamedQuery> split_queries() {
  std::vector<NamedQuery> found;
  for (const SqlFile& file : embedded_queries()) add_blocks(file.text, found);
  return found;
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::vector<Migration> all = number_migrations();
  return all;
}

std::span<const SqlFile> functions() { return embedded_functions(); }

std::span<const NamedQuery> queries() {
  static const std::vector<NamedQuery> all = split_queries();
  return all;
}

std::string_view query(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, std::string_view> map;
    for (const NamedQuery& each : queries()) {
      if (!map.emplace(each.name, each.text).second) {
        throw std::logic_error("sql/queries: two blocks are named " + std::string(each.name));
      }
    }
    return map;
  }();
  const auto found = by_name.find(name);
  if (found == by_name.end()) throw std::logic_error("sql/queries: no block is named " + std::string(name));
  return found->second;
}

}  // namespace tasker::store
