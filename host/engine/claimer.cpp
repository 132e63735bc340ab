#include "engine/claimer.h"

#include <algorithm>

#include "engine/dispatcher.h"

namespace tasker::engine {

namespace {
constexpr int kMaxClaim = 500;  // steps in one claim
}

Claimer::Claimer(Core& core)
    : core_(core),
      listed_(static_cast<std::size_t>(core.store.lanes())),
      claiming_(static_cast<std::size_t>(core.store.writers())) {}

void Claimer::start() { peek(); }

void Claimer::look_soon() {
  if (peeking_) {
    peek_again_ = true;
  } else {
    peek();
  }
}

void Claimer::look_at(SteadyTime when) {
  if (when >= next_look_) return;
  next_look_ = when;
  core_.executor.call_at(when, [this, weak = std::weak_ptr<int>(core_.life), when] {
    if (weak.expired() || when != next_look_) return;  // a look came earlier
    next_look_ = SteadyTime::max();
    look_soon();
  });
}

void Claimer::peek() {
  core_.refresh_snapshot();
  if (core_.room.closed()) return;
  peeking_ = true;
  peek_again_ = false;
  core_.store.peek(core_.snapshot->plugins, core_.on_strand<PeekAnswer>([this](Result<PeekAnswer> answer) {
    peeking_ = false;
    if (answer.has_value()) {
      take(answer.value());
    } else {
      core_.on_error(answer.error());
    }
    next_look_ = SteadyTime::max();
    look_at(core_.executor.now() + core_.options.poll);
    if (answer.has_value() && answer->next_due.count() >= 0) look_at(core_.executor.now() + answer->next_due);
    if (peek_again_) peek();
    kick();
  }));
}

void Claimer::take(const PeekAnswer& answer) {
  for (const Lane lane : answer.lanes) {
    if (listed_[static_cast<std::size_t>(lane)]) continue;
    listed_[static_cast<std::size_t>(lane)] = true;
    due_.push_back(lane);
  }
}

void Claimer::kick() {
  for (std::size_t tries = due_.size(); tries > 0 && core_.room.free() >= core_.room.worth_claiming(); --tries) {
    const Lane lane = due_.front();
    due_.pop_front();
    const std::size_t writer = static_cast<std::size_t>(lane) % claiming_.size();
    if (claiming_[writer]) {
      due_.push_back(lane);
    } else {
      claim(lane);
    }
  }
}

void Claimer::claim(Lane lane) {
  const std::size_t writer = static_cast<std::size_t>(lane) % claiming_.size();
  claiming_[writer] = true;
  listed_[static_cast<std::size_t>(lane)] = false;
  core_.refresh_snapshot();
  const int room = std::min(core_.room.free(), kMaxClaim);
  core_.room.reserve(room);
  core_.store.claim({core_.host, lane, room, core_.snapshot->plugins}, core_.on_strand<std::vector<ClaimedStep>>(
      [this, lane, writer, room](Result<std::vector<ClaimedStep>> claimed) {
        claiming_[writer] = false;
        core_.room.unreserve(room);
        if (!claimed.has_value()) {
          core_.on_error(claimed.error());  // whatever it took comes back by reconciliation
          return;
        }
        core_.stats.steps_from_queue.fetch_add(claimed->size(), std::memory_order_relaxed);
        const bool more = claimed->size() == static_cast<std::size_t>(room);
        dispatcher_->accept(claimed.value());
        if (more) take({{lane}, Millis(-1)});
        kick();
      }));
}

bool Claimer::idle() const { return std::find(claiming_.begin(), claiming_.end(), true) == claiming_.end(); }

void Claimer::forget_all() {
  due_.clear();
  std::fill(listed_.begin(), listed_.end(), false);
  std::fill(claiming_.begin(), claiming_.end(), false);
  peeking_ = peek_again_ = false;
  next_look_ = SteadyTime::max();
}

}  // namespace tasker::engine
