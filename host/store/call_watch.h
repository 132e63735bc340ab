// Ends calls that hang although every server-side time-out has passed (a peer that vanished without a word): libpq has
// no deadline of its own, so the socket is shut down and the call fails as a broken connection. One for all connections
// of a store, which ends with it; a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
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

  // [any] For good: calls under way are cut off at once, and those to come are refused or cut off as they begin.
  void close();
  bool is_closed() const { return closed_.load(std::memory_order_relaxed); }

  // [db] Watches one call while it lives. libpq may close the socket before that, when the connection breaks, and another
  // connection may get its number: that one's call then has the watch.
  class Guard {
   public:
    Guard(CallWatch& watch, int socket, std::chrono::milliseconds limit);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    CallWatch& watch_;
    const int socket_;
    std::uint64_t call_ = 0;
  };

 private:
  struct Watched {
    std::uint64_t call = 0;
    std::chrono::steady_clock::time_point deadline;
  };
  void run();

  Counters& counters_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<bool> closed_{false};  // written with mutex_ held
  // Guarded by mutex_.
  bool stopping_ = false;
  std::uint64_t last_call_ = 0;
  std::unordered_map<int, Watched> watched_;  // by socket
  std::thread thread_;
};

}  // namespace tasker::store
