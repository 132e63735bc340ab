// The database's verbs in memory: the same decisions as sql/functions, small enough to be read beside them. It passes
// the store contract suite as PostgreSQL does; engine tests and simulation run on it. Thread-safe; replies come inline.
// Faults are asked for by the test: a verb that fails before or after it took effect.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/ports.h"
#include "model/states.h"

namespace tasker::test {

class MemoryStore final : public engine::Store {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Attempt {
    std::int32_t claim_no = 0;
    HostId host{};
    model::OutcomeKind outcome{};
    std::string payload, code, message, checkpoint;
    engine::Micros ran{0};
    Time ended{};
  };
  struct Step {
    model::StepState state = model::StepState::pending;
    int pending_parents = 0;
    std::int32_t claim_no = 0;
    HostId host{};
    int attempts = 0;
    int lost = 0;
    Time run_at{};
    std::vector<Attempt> history;
  };
  struct Task {
    model::TaskState state = model::TaskState::pending;
    TemplateId template_id{};
    PluginId plugin_id{};
    std::shared_ptr<const model::TaskTemplate> definition;
    int revision = 0;
    int open_sinks = 0;
    bool failed = false;
    bool ended = false;  // finished_at is set
    int priority = 5;
    std::string context, correlation_id, traceparent;
    std::vector<Step> steps;  // [ord - 1]
  };

  // `now` is the database's clock. `running_lanes` and `writers` are fixed.
  explicit MemoryStore(std::function<Time()> now, int lanes = 16, int writers = 2);

  void add_template(TemplateId id, PluginId plugin, std::shared_ptr<const model::TaskTemplate> definition);

  // The next call of `verb` ("complete", "claim", ...) answers `error`; `after_effect`: it took effect, its answer is lost.
  void fail_next(const std::string& verb, Error error, bool after_effect);
  // Every call of `verb` ("" for all) answers `error`, without effect, until allow_all().
  void fail_all(const std::string& verb, Error error);
  void allow_all();
  // A complete that brings an outcome of this step answers `error`, until allow_all(); or only one that brings a result.
  void refuse_outcome_of(StepKey step, Error error);
  void refuse_result_of(StepKey step, Error error);
  // A load that asks for this step answers `error`, until allow_all().
  void refuse_inputs_of(StepKey step, Error error);
  // A submit that brings this key answers database_locked, as when somebody holds its row.
  void lock_key(const std::string& key);
  // The next call of `verb` takes effect at once and is answered only by release().
  void hold_next(const std::string& verb);
  void release();
  std::optional<Task> task(TaskId id) const;
  std::vector<TaskId> tasks() const;
  std::vector<std::string> calls() const;  // verbs in the order they were called
  void cancel(TaskId id);
  void set_paused(TaskId id, bool paused);
  void declare_dead(HostId host);
  void change_context(TaskId id, const std::string& context);  // as an operator would: the revision grows

  int lanes() const override { return lanes_; }
  int writers() const override { return writers_; }
  std::string installation() const override { return "memory"; }
  void register_host(engine::HostInfo info, engine::Reply<HostId> reply) override;
  void submit(engine::SubmitRequest request, engine::Reply<engine::SubmitAnswer> reply) override;
  void complete(std::shared_ptr<const engine::CompleteRequest> request, engine::Reply<engine::CompleteAnswer> reply) override;
  void claim(engine::ClaimRequest request, engine::Reply<std::vector<engine::ClaimedStep>> reply) override;
  void peek(std::shared_ptr<const std::vector<PluginId>> plugins, engine::Reply<engine::PeekAnswer> reply) override;
  void load(std::vector<StepKey> steps, engine::Reply<std::vector<engine::StepInputs>> reply) override;
  void hand_back(HostId host, std::vector<Fence> fences, engine::Reply<int> reply) override;
  void held(HostId host, engine::Reply<std::vector<engine::ClaimedStep>> reply) override;
  void heartbeat(HostId host, engine::Reply<std::vector<engine::Heartbeat>> reply) override;
  void reclaim(HostId host, std::vector<HostId> dead, engine::Reply<int> reply) override;
  void leave(HostId host, engine::Reply<int> reply) override;

 private:
  struct Host {
    bool alive = true;
    bool released = false;
    std::int64_t counter = 0;
    std::string process;
  };
  struct Fault {
    Error error;
    bool after_effect = false;
  };
  using QueueKey = std::tuple<std::int32_t, int, Time, TaskId, Ord>;  // plugin, priority, run_at, task, ord

  // Runs `effect` under the lock, with the faults asked for, and replies outside of it.
  bool is_locked(const engine::SubmitRequest& request);
  template <class T>
  void answer(const std::string& verb, std::optional<HostId> host, engine::Reply<T>& reply, const std::function<T()>& effect);

  // Answers the parts that have keys; says which tasks are not to be created.
  std::vector<bool> decide_keys(const engine::SubmitRequest& request, engine::SubmitAnswer& out);
  std::optional<Error> refusal_of(const engine::CompleteRequest& request);
  std::optional<Error> refusal_of(const std::vector<StepKey>& steps);
  // What a call whose answer got lost had claimed and ended, for its repetition.
  void tell_again(HostId host, StepKey key, engine::CompleteAnswer& out) const;
  Lane lane_of(TaskId task) const { return static_cast<Lane>(raw(task) % lanes_); }
  bool may_run(const Task& task) const;
  void queue(TaskId id, Task& task, Ord ord, Time due);
  void unqueue(TaskId id);
  void settle(TaskId id, Task& task);
  void end_if_at_rest(TaskId id, Task& task, std::vector<engine::EndedTask>* ended);
  engine::ClaimedStep claim_step(HostId host, TaskId id, Task& task, Ord ord);
  engine::ClaimedStep described(TaskId id, const Task& task, Ord ord) const;

  const std::function<Time()> now_;
  const int lanes_;
  const int writers_;

  mutable std::mutex mutex_;  // guards all below
  std::map<TemplateId, std::pair<PluginId, std::shared_ptr<const model::TaskTemplate>>> templates_;
  std::map<TaskId, Task> tasks_;
  std::map<HostId, Host> hosts_;
  std::map<Lane, std::set<QueueKey>> queues_;
  std::map<std::string, std::vector<Fault>> faults_;
  std::map<std::string, Error> failing_;     // by verb, "" for all
  struct Key {
    std::string digest;
    std::vector<TaskId> tasks;  // what was created
    Time expires{};
  };
  std::map<std::string, Key> keys_;
  std::map<StepKey, Error> refused_outcomes_, refused_results_, refused_inputs_;
  std::string locked_key_;
  std::set<std::string> to_hold_;
  std::vector<std::function<void()>> held_answers_;
  std::vector<std::string> calls_;
  std::int64_t next_task_ = 64;
  std::int32_t next_host_ = 1;
};

}  // namespace tasker::test
