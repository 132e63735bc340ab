// New tasks into commits, by natural batching: requests that come while one batch is being committed share the next.
// A request is all or none; when a shared batch is refused, its requests are sent one by one, so that one caller's bad
// row never fails another's. Bounded: above max_queued_tasks requests are refused. On the engine's strand.
#pragma once

#include <deque>
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
  bool idle() const { return !under_way_ && queue_.empty(); }
  // The host lost its life: what was under way gets an error, what waits goes on in the next life.
  void forget_all();
  void refuse_all();  // the end: whatever was not written gets an error
  void go_on() { send_next(); }  // the next life began

 private:
  struct Request {
    std::vector<NewTask> tasks;
    Reply<CreatedTasks> reply;
    IdempotencyKey key;
    bool alone = false;  // has a key, or was part of a batch that was refused
  };

  void send_next();
  void handle(Result<SubmitAnswer> answer);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  Claimer* claimer_ = nullptr;
  std::deque<Request> queue_;
  std::vector<Request> batch_;  // under way
  int reserved_ = 0;
  int queued_tasks_ = 0;
  bool under_way_ = false;
  bool ended_ = false;
};

}  // namespace tasker::engine
