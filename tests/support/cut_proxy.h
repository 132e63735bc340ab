// Stands between a store and PostgreSQL and cuts a connection at a chosen moment: after the server has
// committed a call and before its answer arrives, or while the call is still under way. Unix sockets only.
// Its own thread; [any] otherwise.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "support/files.h"

namespace tasker::test {

class CutProxy {
 public:
  enum class When {
    answered,  // the server has answered in full: what it did is committed
    sent,      // the server works on; it never hears that nobody listens
  };

  explicit CutProxy(const std::string& conninfo);  // of the server, with a host= that is a folder
  ~CutProxy();

  const std::string& conninfo() const { return conninfo_; }
  // The next call of this prepared statement loses its connection.
  void cut_next(const std::string& statement, When when);
  // From now on what clients send after their login reaches nobody, and their connections stay open.
  void fall_silent_after_login() { silent_ = true; }
  int cuts() const { return cuts_; }

 private:
  struct Pair;
  void run();
  bool forward(Pair& pair, bool from_client);
  int connect_to_server() const;

  TempDir folder_;
  std::string conninfo_, server_;
  int listener_ = -1, wake_ = -1;
  std::mutex mutex_;
  std::string wanted_;  // guarded by mutex_: "\0statement\0", as a Bind message names it
  When when_ = When::answered;
  std::atomic<int> cuts_{0};
  std::atomic<bool> silent_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace tasker::test
