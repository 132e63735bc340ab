// Looks whether a PostgreSQL server keeps the promises that tasks rely on, before anything is written. [any], blocks.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pqxx {
class connection_base;
class transaction_base;
}  // namespace pqxx

namespace tasker::store {

struct ServerFacts {
  int version_num = 0;  // 150004
  std::string encoding;
  bool in_recovery = false;
  bool fsync = true;
  bool full_page_writes = true;
  std::string synchronous_commit;
  int max_connections = 0;
  int used_connections = 0;
};

ServerFacts read_server_facts(pqxx::transaction_base& work);

// Code::database_unfit when the host cannot work with this server; else what its owner should know.
Result<std::vector<std::string>> judge_server(const ServerFacts& facts, int connections_needed);

}  // namespace tasker::store
