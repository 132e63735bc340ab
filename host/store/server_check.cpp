#include "store/server_check.h"

#include <spdlog/fmt/fmt.h>

#include <pqxx/pqxx>

#include "store/sql_text.h"

namespace tasker::store {

ServerFacts read_server_facts(pqxx::transaction_base& work) {
  const pqxx::row row = work.exec1(std::string(query("server_facts")));
  return {row[0].as<int>(),         row[1].as<std::string>(), row[2].as<bool>(), row[3].as<bool>(), row[4].as<bool>(),
          row[5].as<std::string>(), row[6].as<int>(),         row[7].as<int>()};
}

Result<std::vector<std::string>> judge_server(const ServerFacts& facts, int connections_needed) {
  const auto unfit = [](std::string message) { return make_error(Code::database_unfit, std::move(message)); };
  if (facts.version_num < 150000) {
    return unfit(fmt::format("PostgreSQL {}.{} is too old: tasker needs 15 or newer", facts.version_num / 10000,
                             facts.version_num % 10000));
  }
  if (facts.encoding != "UTF8") {
    return unfit(fmt::format("the database's encoding is {}: make one with `createdb -E UTF8 -T template0`", facts.encoding));
  }
  if (facts.in_recovery) return unfit("this server is a standby and takes no writes: connect to the primary");
  const int free = facts.max_connections - facts.used_connections;
  if (free < connections_needed) {
    return unfit(fmt::format("the server has {} of {} connections left and a host needs {}: raise max_connections",
                             std::max(0, free), facts.max_connections, connections_needed));
  }
  std::vector<std::string> warnings;
  if (!facts.fsync) warnings.push_back("fsync is off: a crash of the machine can destroy the whole database");
  if (!facts.full_page_writes) warnings.push_back("full_page_writes is off: a crash of the machine can damage the database");
  if (facts.synchronous_commit == "off") {
    warnings.push_back("synchronous_commit is off: steps reported as complete can be forgotten when the server crashes, "
                       "and run again");
  }
  return warnings;
}

}  // namespace tasker::store
