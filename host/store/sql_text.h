// The SQL texts of sql/, embedded when the program is built (sql/embed.cmake): C++ holds names, never SQL. Migrations
// and functions are run by the migrator, queries by connections, which prepare them under their name. [any] thread.
#pragma once

#include <span>
#include <string_view>

namespace tasker::store {

struct SqlFile {
  std::string_view name;  // the file's name without its ending
  std::string_view text;
};

struct Migration {
  int number = 0;         // 1.., without gaps
  std::string_view name;  // "0001_types_and_settings"
  std::string_view text;
  bool breaking = false;  // its first line is `--! breaking`: hosts built before it cannot go on
};

// Ordered by number; functions by name.
std::span<const Migration> migrations();
std::span<const SqlFile> functions();

struct NamedQuery {
  std::string_view name;
  std::string_view text;
};
std::span<const NamedQuery> queries();
// The text behind a `-- name:` line. An unknown name is a programmer's mistake: throws std::logic_error.
std::string_view query(std::string_view name);

// As generated.
std::span<const SqlFile> embedded_migrations();
std::span<const SqlFile> embedded_functions();
std::span<const SqlFile> embedded_queries();

}  // namespace tasker::store
