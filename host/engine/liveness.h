// Proves that this host lives, and finds those that do not. A thread of its own, which never runs user code, raises the
// host's counter in the database; a counter of another host that stays unchanged for the whole timeout, by this host's
// monotonic clock and while its own beats succeeded, means that the other is dead. Time stamps are never compared: a
// database away for a minute, or a clock that jumps, makes nobody dead.
// A host that cannot renew for most of the timeout stops starting work before others may take over.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "engine/ports.h"

namespace tasker::engine {

struct LivenessOptions {
  Millis beat{2'000};
  Millis timeout{10'000};
};

// The decision, apart from threads and databases, so that tests can move time by hand.
class HostObserver {
 public:
  HostObserver(LivenessOptions options, std::function<bool(const std::string&)> certainly_gone)
      : options_(options), certainly_gone_(std::move(certainly_gone)) {}

  // After a beat that succeeded: which of the others are dead now. Time in which our own beats failed does not count, and
  // a gap as long as the timeout starts all observations anew.
  std::vector<HostId> observe(const std::vector<Heartbeat>& others, std::chrono::steady_clock::time_point now);

 private:
  struct Seen {
    std::int64_t counter = 0;
    std::chrono::steady_clock::time_point since;
  };
  const LivenessOptions options_;
  const std::function<bool(const std::string&)> certainly_gone_;
  std::unordered_map<HostId, Seen> seen_;
  std::optional<std::chrono::steady_clock::time_point> last_;
};

class Liveness {
 public:
  struct Events {
    std::function<void(std::vector<HostId>)> on_dead_hosts;  // others, to take over from. [liveness]
    std::function<void(HostId)> on_declared_dead;            // this one. [liveness]
    std::function<void(bool)> on_renewal;  // false: cannot renew, stop starting work; true: well again. [liveness]
  };

  Liveness(Store& store, LivenessOptions options, Events events);
  ~Liveness();

  void start(HostId host);  // also for a new life
  void stop();              // may be called twice

  Millis since_last_beat() const;  // [any]
  std::string last_error() const;  // [any] why the last beat failed, empty when it did not

 private:
  void run(HostId host);
  bool wait(Millis time);  // false: stop

  Store& store_;
  const LivenessOptions options_;
  const Events events_;
  std::thread thread_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point last_beat_{};
  std::string last_error_;
};

}  // namespace tasker::engine
