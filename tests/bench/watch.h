// Looks at a running session at even intervals from a thread of its own: what must stay flat under long load.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <thread>
#include <vector>

namespace tasker::bench {

class Session;

// The value below which that share of a sorted list lies, in the list's unit, to three digits.
double quantile(const std::vector<double>& sorted, double share);

// How many steps have been completed by when, every 20 ms.
class Timeline {
 public:
  explicit Timeline(Session& session);
  ~Timeline();
  void stop();
  double rate(double from_s, double to_s) const;  // steps a second between two times since the start
  double now_s() const;

 private:
  struct Point {
    double at_s;
    std::uint64_t steps;
  };
  std::uint64_t steps_at(double at_s) const;

  const std::chrono::steady_clock::time_point start_;
  std::vector<Point> points_;
  std::jthread thread_;
};

// One JSON object an interval: rate, resident memory, dead rows, and what a claim that finds nothing takes.
class Watch {
 public:
  Watch(Session& session, std::chrono::seconds interval);
  ~Watch();
  nlohmann::ordered_json finish();

 private:
  struct Sample {
    double at_s, steps_per_s, rss_mib, empty_claim_ms;
    long dead_rows;
  };
  void run(std::stop_token stop, Session& session, std::chrono::seconds interval);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Sample> samples_;
  std::jthread thread_;
};

}  // namespace tasker::bench
