// Finished attempts into commits. Per writer, by natural batching: while one batch is being committed, outcomes of the
// writer's lanes gather; the next batch takes them all, up to a limit. Idle: a batch of one, no delay added.
// Outcomes wait here, in memory, while the database is away; what may be claimed meanwhile is bounded by the room that
// they still occupy. On the engine's strand.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/core.h"

namespace tasker::engine {

class Claimer;
class Dispatcher;

class Completer {
 public:
  explicit Completer(Core& core);
  void connect(Dispatcher& dispatcher, Claimer& claimer);

  void add(FinishedAttempt attempt);
  void flush();  // after a series of add()
  bool idle() const { return waiting_ == 0; }
  void forget_all();

  std::function<void(const EndedTask&)> on_ended;  // a task came to its end here

 private:
  struct Writer {
    std::vector<FinishedAttempt> due;  // oldest first
    int under_way = 0;                 // calls
  };

  struct Call {
    std::size_t writer = 0;
    std::shared_ptr<const CompleteRequest> request;
    int reserved = 0;  // of the room
    Millis retry_in{0};
    int refusals = 0;  // of this outcome alone
    std::shared_ptr<const CompleteRequest> refused = nullptr;  // what the request stands in for
  };

  void send_due(std::size_t writer);
  void send(Call call);
  void send_later(Call call, Micros pause);
  void refused(Call call, const Error& error);
  void refused_alone(Call call, const Error& error);
  void stood_in(const FinishedAttempt& attempt);
  void handle(const CompleteRequest& request, CompleteAnswer answer);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  Claimer* claimer_ = nullptr;
  std::vector<Writer> writers_;
  std::size_t waiting_ = 0;  // outcomes not yet recorded
};

}  // namespace tasker::engine
