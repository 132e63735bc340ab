#include "store/migrator.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <pqxx/pqxx>

#include "base/log.h"
#include "base/sha256.h"
#include "store/conninfo.h"
#include "store/server_check.h"
#include "store/sql_error.h"
#include "store/sql_text.h"

namespace tasker::store {
namespace {

std::string text_of(std::string_view name) { return std::string(query(name)); }

int newest_known() { return migrations().empty() ? 0 : migrations().back().number; }

// Each stage is a transaction of its own that begins with the lock, so that two hosts take turns stage by stage.
class Migrator {
 public:
  Migrator(const std::string& conninfo, const MigratorOptions& options) : connection_(conninfo), options_(options) {}

  Result<void> check_server(MigrationReport& report) {
    pqxx::read_transaction work(connection_);
    auto warnings = judge_server(read_server_facts(work), options_.connections_needed);
    if (!warnings) return warnings.error();
    report.warnings = std::move(*warnings);
    return {};
  }

  void make_tables() {
    pqxx::work work(connection_);
    work.exec(text_of("migration_lock"));
    work.exec(text_of("migration_tables"));
    work.commit();
  }

  bool has_tables() {
    pqxx::read_transaction work(connection_);
    return work.exec1(text_of("migration_table_exists"))[0].as<bool>();
  }

  std::map<int, std::string> applied() {
    pqxx::read_transaction work(connection_);
    std::map<int, std::string> found;
    for (const pqxx::row& row : work.exec(text_of("applied_migrations"))) {
      found[row[0].as<int>()] = row[1].as<std::string>();
    }
    return found;
  }

  // The number first: whoever comes second waits here, and then finds it done.
  bool apply(const Migration& migration) {
    pqxx::work work(connection_);
    work.exec(text_of("migration_lock"));
    const auto inserted = work.exec_params(text_of("insert_migration"), migration.number, std::string(migration.name),
                                           migration.breaking);
    if (inserted.affected_rows() == 0) return false;
    work.exec(std::string(migration.text));
    work.commit();
    return true;
  }

  // All in one transaction: functions call one another, and nobody may see half of a change.
  std::vector<std::string> apply_functions() {
    pqxx::work work(connection_);
    work.exec(text_of("migration_lock"));
    work.exec(text_of("functions_unchecked"));
    std::vector<std::string> changed;
    for (const SqlFile* file : changed_functions(work)) {
      work.exec(std::string(file->text));
      work.exec_params(text_of("insert_function"), std::string(file->name), sha256_hex(file->text));
      changed.emplace_back(file->name);
    }
    work.exec(text_of("first_partitions"));
    work.commit();
    return changed;
  }

  std::vector<std::string> differing_functions() {
    pqxx::read_transaction work(connection_);
    std::vector<std::string> names;
    for (const SqlFile* file : changed_functions(work)) names.emplace_back(file->name);
    return names;
  }

 private:
  std::vector<const SqlFile*> changed_functions(pqxx::transaction_base& work) {
    std::map<std::string, std::string, std::less<>> digests;
    for (const pqxx::row& row : work.exec(text_of("applied_functions"))) {
      digests[row[0].as<std::string>()] = row[1].as<std::string>();
    }
    std::vector<const SqlFile*> changed;
    for (const SqlFile& file : functions()) {
      const auto known = digests.find(file.name);
      if (known == digests.end() || known->second != sha256_hex(file.text)) changed.push_back(&file);
    }
    return changed;
  }

  pqxx::connection connection_;
  const MigratorOptions options_;
};

Result<std::string> migrator_conninfo(const std::string& conninfo, const MigratorOptions& options) {
  SessionSettings settings;
  settings.application_name = "tasker migrate";
  settings.lock_timeout = options.lock_timeout;
  settings.statement_timeout = options.statement_timeout;
  return complete_conninfo(conninfo, settings);
}

Result<void> refuse_newer(const std::map<int, std::string>& applied) {
  if (applied.empty() || applied.rbegin()->first <= newest_known()) return {};
  return make_error(Code::database_newer,
                    fmt::format("the database is at migration {} ({}), and this program knows only {}: a newer tasker "
                                "has used it. Install that version, or connect to another database",
                                applied.rbegin()->first, applied.rbegin()->second, newest_known()));
}

Result<MigrationReport> run_migration(Migrator& migrator, const std::function<void(std::string)>& begin) {
  MigrationReport report;
  begin("the check of the server");
  if (auto fit = migrator.check_server(report); !fit) return fit.error();
  begin("making the migration tables");
  if (!migrator.has_tables()) migrator.make_tables();
  const auto applied = migrator.applied();
  if (auto fit = refuse_newer(applied); !fit) return fit.error();
  report.before = applied.empty() ? 0 : applied.rbegin()->first;
  for (const Migration& migration : migrations()) {
    if (applied.contains(migration.number)) continue;
    begin(fmt::format("migration {}", migration.name));
    if (migrator.apply(migration)) report.applied.emplace_back(migration.name);
  }
  begin("applying the functions");
  report.functions = migrator.apply_functions();
  report.after = newest_known();
  for (const std::string& warning : report.warnings) log_warn("PostgreSQL: {}", warning);
  return report;
}

}  // namespace

Result<MigrationReport> migrate(const std::string& conninfo, const MigratorOptions& options) {
  auto full = migrator_conninfo(conninfo, options);
  if (!full) return full.error();
  std::string doing;
  const auto begin = [&](std::string stage) {
    doing = std::move(stage);
    if (options.on_stage) options.on_stage(doing);
  };
  begin("connecting");
  try {
    Migrator migrator(*full, options);
    return run_migration(migrator, begin);
  } catch (const std::exception&) {
    return current_sql_error(doing).error;
  }
}

Result<MigrationStatus> migration_status(const std::string& conninfo, const MigratorOptions& options) {
  auto full = migrator_conninfo(conninfo, options);
  if (!full) return full.error();
  try {
    Migrator migrator(*full, options);
    MigrationStatus status;
    status.program = newest_known();
    std::map<int, std::string> applied;
    if (migrator.has_tables()) {
      applied = migrator.applied();
      status.functions = migrator.differing_functions();
    } else {
      for (const SqlFile& file : functions()) status.functions.emplace_back(file.name);
    }
    status.database = applied.empty() ? 0 : applied.rbegin()->first;
    for (const Migration& migration : migrations()) {
      if (!applied.contains(migration.number)) status.pending.emplace_back(migration.name);
    }
    return status;
  } catch (const std::exception&) {
    return current_sql_error("reading the migration status").error;
  }
}

}  // namespace tasker::store
