// New tasks into commits, by natural batching: requests that come while one batch is being committed share the next. Those
// with an idempotency key and those without take turns, so that a key that somebody holds locked costs others a second a batch.
// A request is all or none; when a shared batch is refused, its requests are sent one by one, so that one caller's bad
// row never fails another's, and halved when a key was locked. Bounded: above max_queued_tasks requests are refused.
// On the engine's strand.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "engine/core.h"

namespace tasker::engine {

class Claimer;
class Dispatcher;

class Submitter {
 public:
  explicit Submitter(Core& core) : core_(core) {}
  void connect(Dispatcher& dispatcher, Claimer& claimer);

  // Replies on the strand.
  void submit(std::vector<NewTask> tasks, IdempotencyKey key, Reply<CreatedTasks> reply);
  bool idle() const { return !under_way_ && queues_[0].empty() && queues_[1].empty(); }
  // The host lost its life: what was under way gets an error, what waits goes on in the next life.
  void forget_all();
  void refuse_all();  // the end: whatever was not written gets an error
  void go_on() { send_next(); }  // the next life began

 private:
  struct Request {
    std::vector<NewTask> tasks;
    Reply<CreatedTasks> reply;
    IdempotencyKey key;
    std::size_t most = SIZE_MAX;              // requests in its batch; less after a batch of it was refused
    std::optional<SteadyTime> search_until = {};  // of whoever's key is locked
  };

  void send_next();
  void handle(Result<SubmitAnswer> answer);
  void refused(std::vector<Request> batch, const Error& error);
  void accept(const std::vector<Request>& batch, const SubmitAnswer& answer);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  Claimer* claimer_ = nullptr;
  std::array<std::deque<Request>, 2> queues_;  // without a key, with one
  std::size_t turn_ = 0;                       // whose it is
  std::vector<Request> batch_;  // under way
  int reserved_ = 0;
  int queued_tasks_ = 0;
  bool under_way_ = false;
  bool ended_ = false;
};

}  // namespace tasker::engine
