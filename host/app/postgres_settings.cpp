#include "app/postgres_settings.h"

#include <unistd.h>

#include <algorithm>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

std::uint64_t machine_memory_mib() {
  const auto pages = ::sysconf(_SC_PHYS_PAGES);
  const auto page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return 1024;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / (1024 * 1024);
}

// The setting is a list: a comma or a space in the path must not split it.
std::string list_item(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

PostgresSettings private_postgres_settings(const std::filesystem::path& socket_dir, std::uint64_t memory_mib) {
  if (memory_mib == 0) memory_mib = machine_memory_mib();
  const auto buffers = std::clamp<std::uint64_t>(memory_mib / 4, 32, 512);
  return {
      {"listen_addresses", ""},  // the socket is the only way in
      {"unix_socket_directories", list_item(socket_dir.string())},
      {"unix_socket_permissions", "0700"},
      {"max_connections", "64"},
      {"fsync", "on"},
      {"synchronous_commit", "on"},
      {"full_page_writes", "on"},
      {"shared_buffers", fmt::format("{}MB", buffers)},
      // Few and long checkpoints: each makes the next touch of a page write the whole page to the log.
      {"max_wal_size", "4GB"},
      {"min_wal_size", "1GB"},
      {"checkpoint_timeout", "15min"},
      {"wal_compression", "off"},
      {"jit", "off"},
      // The queue tables turn over completely within seconds; a minute between looks lets them grow.
      {"autovacuum_naptime", "10s"},
      {"log_timezone", "UTC"},
      {"timezone", "UTC"},
      {"log_line_prefix", "%m [%p] "},
      {"log_min_messages", "warning"},
      {"log_checkpoints", "off"},
      {"logging_collector", "off"},
  };
}

}  // namespace tasker::app
