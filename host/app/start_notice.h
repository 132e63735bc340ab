// What a start waits for, said when it takes long: a database that takes the connection and hangs, or a migration behind
// somebody's lock, would else look like a program that does nothing. A thread of its own, from construction to destruction.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tasker::app {

class StartNotice {
 public:
  // `say` gets a line when one thing is waited for longer than `patience`, and again every ten seconds.
  explicit StartNotice(std::function<void(const std::string&)> say,
                       std::chrono::milliseconds patience = std::chrono::milliseconds(1'500));
  ~StartNotice();  // the start is over
  StartNotice(const StartNotice&) = delete;
  StartNotice& operator=(const StartNotice&) = delete;

  void waits_for(const std::string& what);  // [any]

 private:
  void watch();

  const std::function<void(const std::string&)> say_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string what_;                                  // guarded by mutex_, as all below
  std::chrono::steady_clock::time_point since_;
  std::chrono::steady_clock::time_point next_line_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace tasker::app
