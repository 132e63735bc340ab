#include "plugin/attempt_table.h"

namespace tasker::plugin {
namespace {

// A slot keeps its memory for the next attempt, but not a megabyte of it.
constexpr std::size_t kKeptBytes = 64 * 1024;

void forget(std::string& text) {
  if (text.capacity() > kKeptBytes) text = {};
  text.clear();
}

unsigned thread_number() {
  static std::atomic<unsigned> counter{0};
  thread_local const unsigned number = counter.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

AttemptTable::AttemptTable() = default;

AttemptTable::~AttemptTable() {
  for (Shard& shard : shards_)
    for (auto& chunk : shard.chunks) delete chunk.load();
}

bool AttemptTable::grow(Shard& shard, unsigned number) {
  if (shard.size >= (1u << kIndexBits)) return false;
  auto* chunk = new Chunk;
  for (unsigned i = 0; i < kChunk; ++i) {
    chunk->slots[i].slot = (shard.size + i) << kShardBits | number;
    shard.free.push_back(&chunk->slots[i]);
  }
  shard.chunks[shard.size / kChunk].store(chunk, std::memory_order_release);
  shard.size += kChunk;
  return true;
}

RunningAttempt* AttemptTable::take() {
  const unsigned number = thread_number() & ((1u << kShardBits) - 1);
  Shard& shard = shards_[number];
  const std::lock_guard lock(shard.mutex);
  if (shard.free.empty() && !grow(shard, number)) return nullptr;
  RunningAttempt* attempt = shard.free.back();
  shard.free.pop_back();
  return attempt;
}

tasker_token AttemptTable::arm(RunningAttempt& attempt) {
  attempt.token = ++attempt.uses << (kShardBits + kIndexBits) | attempt.slot;
  return attempt.token;
}

RunningAttempt* AttemptTable::find(tasker_token token) const {
  const Shard& shard = shards_[token & ((1u << kShardBits) - 1)];
  const auto index = (token >> kShardBits) & ((1u << kIndexBits) - 1);
  Chunk* chunk = shard.chunks[index / kChunk].load(std::memory_order_acquire);
  return chunk ? &chunk->slots[index % kChunk] : nullptr;
}

void AttemptTable::give_back(RunningAttempt* attempt) {
  attempt->stop.reset();
  attempt->definition.reset();
  attempt->context.reset();
  for (std::string* text : {&attempt->inputs, &attempt->previous_checkpoint, &attempt->idempotency_key,
                            &attempt->correlation_id, &attempt->traceparent})
    forget(*text);
  Shard& shard = shards_[attempt->slot & ((1u << kShardBits) - 1)];
  const std::lock_guard lock(shard.mutex);
  shard.free.push_back(attempt);
}

}  // namespace tasker::plugin
