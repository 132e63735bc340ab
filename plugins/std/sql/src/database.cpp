#include "database.h"

#include "query.h"
#include "template/options.h"

namespace std_sql {

Sources::Sources(const tasker::Json& configuration) {
  const stock::Options options(configuration, "std/sql's configuration", {"sources"});
  for (const auto& [name, written] : options.object("sources").items())
    sources_.try_emplace(name, name, written);
}

Source& Sources::find(const std::string& name) {
  const auto found = sources_.find(name);
  if (found != sources_.end()) return found->second;
  throw tasker::PermanentError("std/sql's configuration has no source \"" + name + "\"", "sql.unknown_source");
}

tasker::Json Database::execute(tasker::Call& call) {
  const Query query = query_from(call, sources_);
  // The server's time-out comes first and is the better sentence.
  const Wait wait(call, query.timeout + milliseconds(500));
  Lease connection(*query.source, wait);
  return (*connection).execute(query, wait);
}

}  // namespace std_sql
