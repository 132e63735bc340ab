// The attempts that are inside plugins now, by token. A token is a slot's number and how often that slot was used,
// so it is never given out twice, and a late one finds a slot that has moved on instead of freed memory. Slots are
// never freed; shards keep threads apart. On the hot path: no allocation once warm, no global lock. [any] thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "tasker/plugin.h"

namespace tasker::plugin {

class HostTable;

// One attempt. Its text members are the memory behind `call`, which the plugin may read until the attempt has ended;
// they keep their capacity from attempt to attempt.
struct RunningAttempt {
  enum class Phase {
    running,     // nobody has brought an outcome
    completing,  // complete() is copying one
    completed    // complete() was first; run() has not returned yet
  };

  std::uint32_t slot = 0;  // constant

  std::mutex mutex;  // guards all below, but `call` and its texts, which do not change while the token lives
  tasker_token token = 0;  // 0: the slot is free or its attempt has ended
  std::uint64_t uses = 0;
  Phase phase = Phase::running;
  bool has_returned = false;  // run() answered; whoever completes now also delivers
  HostTable* owner = nullptr;
  engine::AttemptOutcome outcome;  // while completed
  std::function<void(engine::AttemptOutcome)> done;
  std::string events;  // "[{...},{...}" without the end
  std::size_t event_count = 0;
  std::string checkpoint;

  tasker_call call{};
  Fence fence;
  std::shared_ptr<std::atomic<std::uint32_t>> stop;
  std::shared_ptr<const model::TaskTemplate> definition;
  const model::StepTemplate* step = nullptr;
  std::shared_ptr<const std::string> context;
  std::string task_id, step_id, template_version, idempotency_key, inputs, correlation_id, traceparent, previous_checkpoint;

  std::uint32_t stop_bits() const { return stop ? stop->load(std::memory_order_relaxed) : 0; }
};

class AttemptTable {
 public:
  AttemptTable();
  ~AttemptTable();
  AttemptTable(const AttemptTable&) = delete;
  AttemptTable& operator=(const AttemptTable&) = delete;

  // A free slot, or nullptr when a million attempts are running. Its token is set by arm().
  RunningAttempt* take();
  // Gives the slot a new token and returns it; the caller holds slot.mutex.
  static tasker_token arm(RunningAttempt& attempt);
  // The slot a token belongs to, or nullptr for nonsense. The caller locks it and compares the token.
  RunningAttempt* find(tasker_token token) const;
  // Back to the free slots; its token has been cleared.
  void give_back(RunningAttempt* attempt);

 private:
  static constexpr unsigned kShardBits = 4, kIndexBits = 16, kChunk = 64;
  struct Chunk {
    std::array<RunningAttempt, kChunk> slots;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::vector<RunningAttempt*> free;  // last in, first out: its strings are still in the cache
    std::uint32_t size = 0;
    std::array<std::atomic<Chunk*>, (1u << kIndexBits) / kChunk> chunks{};
  };
  static bool grow(Shard& shard, unsigned number);

  std::array<Shard, 1u << kShardBits> shards_;
};

}  // namespace tasker::plugin
