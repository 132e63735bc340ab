#include "engine/liveness.h"

#include <pthread.h>

#include <algorithm>
#include <future>

#include "base/log.h"
#include "base/process_id.h"

namespace tasker::engine {

using SteadyClock = std::chrono::steady_clock;

std::vector<HostId> HostObserver::observe(const std::vector<Heartbeat>& others, SteadyClock::time_point now) {
  if (last_ && now - *last_ >= options_.timeout) seen_.clear();
  // While our own beats failed, the others' could not succeed either.
  const auto blind = last_ ? std::max(SteadyClock::duration(0), now - *last_ - 2 * options_.beat) : SteadyClock::duration(0);
  for (auto& [host, seen] : seen_) seen.since += blind;
  last_ = now;
  std::vector<HostId> dead;
  std::unordered_map<HostId, Seen> still;
  for (const Heartbeat& other : others) {
    const auto known = seen_.find(other.host);
    const bool moved = known == seen_.end() || known->second.counter != other.counter;
    const Seen seen{other.counter, moved ? now : known->second.since};
    still[other.host] = seen;
    const bool declared = other.counter < 0;  // dead already, its steps not all back yet
    if (declared || now - seen.since >= options_.timeout || certainly_gone_(other.process)) dead.push_back(other.host);
  }
  seen_ = std::move(still);
  return dead;
}

Liveness::Liveness(Store& store, LivenessOptions options, Events events)
    : store_(store), options_(options), events_(std::move(events)) {}

Liveness::~Liveness() { stop(); }

void Liveness::start(HostId host) {
  stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = false;
    last_beat_ = SteadyClock::now();
  }
  thread_ = std::thread([this, host] { run(host); });
  pthread_setname_np(thread_.native_handle(), "liveness");
}

void Liveness::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Millis Liveness::since_last_beat() const {
  const std::lock_guard lock(mutex_);
  return std::chrono::duration_cast<Millis>(SteadyClock::now() - last_beat_);
}

std::string Liveness::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

bool Liveness::wait(Millis time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [this] { return stopping_; });
}

void Liveness::run(HostId host) {
  HostObserver observer(options_, certainly_gone);
  bool renewing = true;
  do {
    auto answered = std::make_shared<std::promise<Result<std::vector<Heartbeat>>>>();
    auto answer = answered->get_future();
    store_.heartbeat(host, [answered](Result<std::vector<Heartbeat>> beats) { answered->set_value(std::move(beats)); });
    // Others count from our last commit: stop starting work well before their timeout.
    const auto give_up = options_.timeout * 7 / 10;
    while (answer.wait_for(Millis(50)) != std::future_status::ready) {
      if (renewing && since_last_beat() >= give_up) {
        renewing = false;
        events_.on_renewal(false);
      }
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    Result<std::vector<Heartbeat>> beats = answer.get();
    if (beats.has_value()) {
      {
        const std::lock_guard lock(mutex_);
        last_beat_ = SteadyClock::now();
        last_error_.clear();
      }
      if (!renewing) events_.on_renewal(true);
      renewing = true;
      std::vector<HostId> dead = observer.observe(beats.value(), SteadyClock::now());
      if (!dead.empty()) events_.on_dead_hosts(std::move(dead));
    } else if (beats.error().code == Code::host_dead) {
      events_.on_declared_dead(host);
      return;
    } else {
      {
        const std::lock_guard lock(mutex_);
        last_error_ = std::string(code_text(beats.error().code)) + ": " + beats.error().message;
      }
      if (!renewing || since_last_beat() < give_up) continue;
      renewing = false;
      events_.on_renewal(false);
    }
  } while (wait(options_.beat));
}

}  // namespace tasker::engine
