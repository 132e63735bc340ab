#include "engine/claimer.h"

#include <algorithm>

#include "engine/dispatcher.h"

namespace tasker::engine {

namespace {
constexpr int kMaxClaim = 500;  // steps in one claim
constexpr Millis kLongestPause{2'000};  // between calls that fail
}

Claimer::Claimer(Core& core)
    : core_(core),
      listed_(static_cast<std::size_t>(core.store.lanes())),
      claiming_(static_cast<std::size_t>(core.store.writers())),
      peek_pause_(core.options.poll, std::max(core.options.poll, kLongestPause)),
      claim_pause_(peek_pause_) {}

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
  if (core_.room.closed()) return;
  peeking_ = true;
  peek_again_ = false;
  core_.store.peek(core_.plugins(), core_.on_strand<PeekAnswer>([this](Result<PeekAnswer> answer) {
    peeking_ = false;
    next_look_ = SteadyTime::max();
    if (!answer.has_value()) {
      look_at(core_.executor.now() + peek_pause_.next());
      return core_.on_error(answer.error());
    }
    peek_pause_.reset();
    take(answer.value());
    look_at(core_.executor.now() + core_.options.poll);
    if (answer->next_due.count() >= 0) look_at(core_.executor.now() + answer->next_due);
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
  if (core_.claims_from != SteadyTime{}) {
    if (core_.claims_from > core_.executor.now()) return look_at(core_.claims_from);
    core_.claims_from = {};
  }
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
  const int room = std::min(core_.room.free(), kMaxClaim);
  core_.room.reserve(room);
  const SteadyTime asked = core_.executor.now();
  core_.store.claim({core_.host, lane, room, core_.plugins()}, core_.on_strand<std::vector<ClaimedStep>>(
      [this, lane, writer, room, asked](Result<std::vector<ClaimedStep>> claimed) {
        claiming_[writer] = false;
        core_.room.unreserve(room);
        if (!claimed.has_value()) {
          core_.claims_from = core_.executor.now() + claim_pause_.next();
          look_at(core_.claims_from);
          return core_.on_error(claimed.error());  // whatever it took comes back by reconciliation
        }
        claim_pause_.reset();
        core_.stats.claim_size.observe(static_cast<double>(claimed->size()));
        core_.stats.claim_time.observe(std::chrono::duration<double>(core_.executor.now() - asked).count());
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
  core_.claims_from = {};
}

}  // namespace tasker::engine
