// The set-based limit of these tables on this machine, measured in the same run as the host.
#pragma once

#include <map>
#include <string>

namespace tasker::bench {

struct SqlLimit {
  double steps_per_s = 0;
  int connections = 0;  // the best of 1, 2 and 4
  int batch = 0;        // tasks in a commit
};

// Writes about `steps` steps' rows of one template, for each number of connections.
SqlLimit measure_sql_limit(const std::string& conninfo, int template_id, int steps_per_task, int steps);

// Settings that decide the numbers, as the server's session shows them.
std::map<std::string, std::string> session_settings(const std::string& conninfo);

int template_id_of(const std::string& conninfo, const std::string& name);

}  // namespace tasker::bench
