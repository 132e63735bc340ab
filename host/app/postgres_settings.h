// The settings of the private PostgreSQL, in one list that is given to the server and can be printed. They keep
// every promise of durability; what differs from the defaults is memory and how often checkpoints come.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace tasker::app {

using PostgresSettings = std::vector<std::pair<std::string, std::string>>;

// `memory_mib` of the machine; 0: ask the system.
PostgresSettings private_postgres_settings(const std::filesystem::path& socket_dir, std::uint64_t memory_mib = 0);

}  // namespace tasker::app
