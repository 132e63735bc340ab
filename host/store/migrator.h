// Brings a database to what this program needs: checks the server, applies numbered migrations once each, and applies
// the functions whose text has changed. Any number of hosts may do it at once: they take turns, and all see success.
// Blocks; called before the store is opened. Needs no store.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tasker::store {

struct MigrationReport {
  int before = 0;                      // the highest migration that was there
  int after = 0;
  std::vector<std::string> applied;    // migrations, by name
  std::vector<std::string> functions;  // function files that were (re)applied
  std::vector<std::string> warnings;   // about the server; the database works nevertheless
};

struct MigrationStatus {
  int database = 0;  // the highest migration in the database, 0: none
  int program = 0;
  std::vector<std::string> pending;    // migrations, by name
  std::vector<std::string> functions;  // function files that differ
};

struct MigratorOptions {
  int connections_needed = 7;  // what one host opens, the migrator's own included
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(60);  // another host may be migrating
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(120);
  std::function<void(const std::string& doing)> on_stage = {};  // before each: any may wait for the database
};

// Code::database_newer, database_unfit, database_unavailable, database_locked or database_error. What was applied
// before a failure stays; running it again goes on from there.
Result<MigrationReport> migrate(const std::string& conninfo, const MigratorOptions& options = {});

// Looks only.
Result<MigrationStatus> migration_status(const std::string& conninfo, const MigratorOptions& options = {});

}  // namespace tasker::store
