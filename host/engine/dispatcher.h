// From a claim to a running handler and back: finds the handler and the inputs of claimed steps, hands jobs to the
// threads, takes their outcomes in, and gives them to the completer. Knows every step that this host holds.
// On the engine's strand, except for the inbox, where handler threads leave their outcomes.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/attempt_job.h"
#include "engine/backoff.h"
#include "engine/core.h"
#include "engine/failure_log.h"

namespace tasker::engine {

class Completer;

class Dispatcher {
 public:
  explicit Dispatcher(Core& core);
  ~Dispatcher();

  // The pool needs the inbox to exist and the dispatcher needs the pool: joined once, before anything runs.
  FinishJob inbox();
  void connect(JobRunner& runner, Completer& completer);

  // Steps that the database gave to this host. Those it already holds by the same claim are ignored.
  void accept(const std::vector<ClaimedStep>& steps);
  // The database has written (or refused) these outcomes: the steps are no longer held.
  void recorded(const std::vector<FinishedAttempt>& attempts);
  bool holds(const Fence& fence) const;
  std::size_t held() const { return running_.size(); }

  // Gives back what no thread has entered and was claimed before `before`.
  void hand_back_unstarted(SteadyTime before);
  // Gives back everything that has not finished, running or not: the last act of a stopping host.
  void hand_back_all();
  void raise_stop_bits(std::uint32_t bits);
  bool handing_back() const { return handing_back_ > 0; }  // not all answered yet
  std::size_t unfinished() const { return held() - finished_; }
  void forget_all();

 private:
  struct Running {
    std::int32_t claim_no = 0;
    bool finished = false;
    std::shared_ptr<std::atomic<std::uint32_t>> stop;
    std::shared_ptr<const model::TaskTemplate> definition;
    const model::StepTemplate* step = nullptr;
    std::int32_t attempt = 1, retry_limit = 1;
  };
  struct Inbox;

  std::shared_ptr<AttemptJob> make_job(const ClaimedStep& claimed, const LoadedTemplate& loaded, SharedText context,
                                       std::string correlation_id, std::string traceparent, std::string inputs,
                                       std::string checkpoint);
  // Nullptr when the working set cannot serve the step.
  std::shared_ptr<AttemptJob> job_from_memory(const ClaimedStep& claimed, const LoadedTemplate& loaded);
  struct Load {
    std::vector<ClaimedStep> steps;
    SteadyTime give_up;
    Millis retry_in{100};
    int refusals = 0;          // of this step alone
    bool refuses_all = false;  // the database refused to read anything
  };
  // Repeated until `give_up`, then the claims go back.
  void load_and_run(Load load);
  void not_loaded(Load load, const Error& error);
  void load_again(Load load);
  // The database reads inputs, but not these: halved until the step that it cannot read stands alone, and that one fails.
  void unreadable(Load load, const Error& error);
  void fail_unread(const ClaimedStep& claimed, const Error& error);
  void finish(Running& running, FinishedAttempt attempt, std::string_view correlation_id);
  // Steps of a plugin that is loaded, and lacks them.
  void return_unknown(const std::vector<ClaimedStep>& steps);
  void run_loaded(const std::vector<ClaimedStep>& steps, std::vector<StepInputs> inputs);
  void take_inbox();
  void hand_back(std::vector<Fence> fences);
  void hand_back_jobs(const std::vector<std::shared_ptr<AttemptJob>>& jobs);
  void release(const Fence& fence);
  const LoadedTemplate* loaded_template(TemplateId id) const;

  Core& core_;
  const std::shared_ptr<int> existence_ = std::make_shared<int>(0);  // for what handler threads post
  const std::string installation_;
  JobRunner* runner_ = nullptr;
  Completer* completer_ = nullptr;
  std::shared_ptr<Inbox> inbox_;
  FailureLog failures_;
  std::unordered_map<StepKey, Running, StepKeyHash> running_;
  std::size_t finished_ = 0;  // of running_: outcome known, not yet recorded
  int handing_back_ = 0;      // calls under way
  Backoff claim_pause_{Millis(1'000), Millis(30'000)};  // of claims whose inputs cannot be read
  bool told_not_loaded_ = false;
  std::uint64_t random_state_;
};

}  // namespace tasker::engine
