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

  void send_due(std::size_t writer);
  void send(std::size_t writer, std::shared_ptr<const CompleteRequest> request, int reserved, Millis retry_in);
  void refused(std::size_t writer, std::shared_ptr<const CompleteRequest> request, int reserved, Millis retry_in);
  void handle(const CompleteRequest& request, CompleteAnswer answer);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  Claimer* claimer_ = nullptr;
  std::vector<Writer> writers_;
  std::size_t waiting_ = 0;  // outcomes not yet recorded
};

}  // namespace tasker::engine
