// A named database of the plugin's configuration, and the connections to it: a bounded number, made when they are first
// needed, lent to one attempt at a time. Any thread.
#pragma once

#include <tasker/sdk.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connection.h"
#include "wait.h"

namespace std_sql {

class Source {
 public:
  // Throws PermanentError config.invalid. Connects to nothing.
  Source(std::string name, const tasker::Json& configuration);

  const std::string& query(const std::string& name) const;  // throws PermanentError sql.unknown_query

 private:
  friend class Lease;
  std::unique_ptr<Connection> take(const Wait& wait);
  void give_back(std::unique_ptr<Connection> connection);

  // Constant after construction.
  const std::string name_;
  std::string url_;
  bool read_only_ = false;
  std::size_t most_ = 4;
  std::map<std::string, std::string> queries_;

  std::mutex mutex_;
  std::condition_variable freed_;
  // Guarded by mutex_.
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

// A connection for one attempt; it goes back at the end, unless it is broken.
class Lease {
 public:
  // Waits while all are lent. Throws RetryableError sql.busy or sql.unreachable, or Cancelled.
  Lease(Source& source, const Wait& wait) : source_(source), connection_(source.take(wait)) {}
  ~Lease() { source_.give_back(std::move(connection_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Connection& operator*() { return *connection_; }

 private:
  Source& source_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace std_sql
