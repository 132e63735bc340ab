// The plugin's state and its one handler.
#pragma once

#include <tasker/sdk.h>

#include <map>
#include <string>

#include "source.h"

namespace std_sql {

// The configured databases by name. Constant but for what each guards itself.
class Sources {
 public:
  explicit Sources(const tasker::Json& configuration);  // throws PermanentError config.invalid
  Source& find(const std::string& name);                // throws PermanentError sql.unknown_source

 private:
  std::map<std::string, Source> sources_;
};

class Database {
 public:
  explicit Database(const tasker::Json& configuration) : sources_(configuration) {}
  tasker::Json execute(tasker::Call& call);  // [worker]

 private:
  Sources sources_;
};

}  // namespace std_sql
