// A database connection with a thread and a bounded queue of work of its own: libpqxx blocks, so nothing of it runs on
// an I/O thread. Work is run in the order it was posted, once each, also when the connection stops: its calls then
// answer an error, so that every reply is given.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "store/session.h"

namespace tasker::store {

class Connection {
 public:
  struct Options {
    std::string name;  // of the thread, for people
    Session::Options session;
    std::size_t max_queued = 4096;
    std::chrono::milliseconds max_wait = std::chrono::seconds(60);  // in the queue; then its calls answer timed_out
  };
  using Work = std::function<void(Session&)>;  // [db] must not throw

  Connection(Options options, CallWatch& watch, Counters& counters);
  ~Connection();  // stops

  // [any] False, and the work is dropped, when the queue is full or the connection has stopped.
  bool post(Work work);
  // [any] The call in progress ends, the rest of the queue is answered with Code::stopping. May be called twice.
  void stop();
  // [any] The same without waiting for it, and whether it has come about by then.
  void request_stop();
  bool wait_until_stopped(std::chrono::steady_clock::time_point deadline);

  std::size_t queued() const;
  bool busy() const { return busy_.load(std::memory_order_relaxed); }  // a piece of work is being run
  const std::string& name() const { return options_.name; }

 private:
  struct Item {
    Work work;
    std::chrono::steady_clock::time_point posted;
  };
  void run();

  const Options options_;
  Counters& counters_;
  Session session_;  // on thread_
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;  // guarded by mutex_
  bool stopping_ = false;   // guarded by mutex_
  bool stopped_ = false;    // guarded by mutex_: no work is run any more
  std::atomic<bool> busy_{false};
  std::thread thread_;
};

// The error for a caller whose work was not taken.
Error overloaded_error(std::string_view what);

}  // namespace tasker::store
