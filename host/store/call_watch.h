// Ends calls that hang although every server-side time-out has passed (a peer that vanished without a word): libpq has
// no deadline of its own, so the socket is shut down and the call fails as a broken connection. One for all connections
// of a store; a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "store/counters.h"

namespace tasker::store {

class CallWatch {
 public:
  explicit CallWatch(Counters& counters);
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  // [db] Watches one call while it lives. The socket must stay open as long.
  class Guard {
   public:
    Guard(CallWatch& watch, int socket, std::chrono::milliseconds limit);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    CallWatch& watch_;
    const int socket_;
  };

 private:
  void run();

  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;                                                    // guarded by mutex_
  std::unordered_map<int, std::chrono::steady_clock::time_point> deadlines_;  // by socket, guarded by mutex_
  std::thread thread_;
};

}  // namespace tasker::store
