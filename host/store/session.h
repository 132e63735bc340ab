// One connection to PostgreSQL as its thread sees it: runs named queries, each its own transaction (every verb is one
// SQL function), prepares them on first use, repeats deadlocks, and makes the connection anew after it broke. Owned and
// run by a Connection's thread [db].
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/call_watch.h"
#include "store/conninfo.h"
#include "store/counters.h"
#include "store/rows.h"

namespace tasker::store {

class Session {
 public:
  struct Options {
    std::string conninfo;  // as the user gave it
    SessionSettings settings;
    std::chrono::milliseconds reconnect_pause = std::chrono::milliseconds(100);  // doubled on each failure, up to 5 s
    // Server-side time-outs end a call first; this much later the watch takes it for a server that no longer answers.
    std::chrono::milliseconds watch_margin = std::chrono::seconds(5);
  };

  Session(Options options, CallWatch& watch, Counters& counters);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Blocks for at most the statement time-out and a little. Code::database_unavailable with Retry::later means that
  // the call may or may not have been carried out.
  Result<Rows> run(std::string_view query_name, const Params& params);

  // Statements wait this long for rows that are locked; reset with the second. Lost with the connection.
  void shorten_lock_timeout(std::chrono::milliseconds limit);
  void restore_lock_timeout();

  // Statements may run this long, and the watch waits for them; reset with the second. Lost with the connection.
  void set_statement_timeout(std::chrono::milliseconds limit);
  void restore_statement_timeout();

  // From now on every call answers this error, until calls are accepted again.
  void refuse_calls(Error error);
  void accept_calls();

  // Whether the last call left this program: if it failed then as unavailable, it may have been carried out.
  bool was_sent() const { return was_sent_; }
  // With which SQLSTATE the server refused the last call; empty when it did not, or said none.
  const std::string& refused_as() const { return refused_as_; }

  void disconnect();

 private:
  struct Link;

  Result<void> connect();
  bool is_read_only(Link& link);
  Error not_connected(Error error);
  Result<Rows> run_once(std::string_view query_name, const Params& params, bool& again);

  const Options options_;
  CallWatch& watch_;
  Counters& counters_;
  std::unique_ptr<Link> link_;
  std::chrono::milliseconds statement_timeout_;  // of link_
  std::chrono::steady_clock::time_point next_connect_{};
  std::chrono::milliseconds pause_{0};
  std::uint64_t read_only_seen_ = 0;  // when link_ was made
  std::uint64_t connects_seen_ = 0;  // of all connections, when this one could not
  std::string unreachable_;          // why
  bool was_sent_ = false;
  std::string refused_as_;
  bool refused_ = false;
  Error refusal_;
};

}  // namespace tasker::store
