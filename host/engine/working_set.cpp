#include "engine/working_set.h"

namespace tasker::engine {

namespace {
constexpr std::size_t kEntryOverhead = 256;  // list node, map node, strings' headers
}

const std::string* WorkingSet::Entry::result(Ord ord) const {
  for (const auto& [known, text] : results) {
    if (known == ord) return text.get();
  }
  return nullptr;
}

const WorkingSet::Entry* WorkingSet::find(TaskId task, std::int32_t revision) {
  const auto found = by_task_.find(task);
  if (found == by_task_.end()) return nullptr;
  if (found->second->revision != revision) {
    drop(found->second);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

void WorkingSet::put(TaskId task, std::int32_t revision, SharedText context, std::string correlation_id,
                     std::string traceparent) {
  forget(task);
  const std::size_t bytes = kEntryOverhead + context->size() + correlation_id.size() + traceparent.size();
  entries_.push_front({task, revision, std::move(context), std::move(correlation_id), std::move(traceparent), {}, bytes});
  by_task_[task] = entries_.begin();
  bytes_ += bytes;
  shrink();
}

void WorkingSet::add_result(TaskId task, Ord ord, SharedText result) {
  const auto found = by_task_.find(task);
  if (found == by_task_.end()) return;
  Entry& entry = *found->second;
  const std::size_t bytes = result->size() + sizeof(std::pair<Ord, SharedText>) + 32;
  entry.results.emplace_back(ord, std::move(result));
  entry.bytes += bytes;
  bytes_ += bytes;
  shrink();
}

void WorkingSet::forget(TaskId task) {
  const auto found = by_task_.find(task);
  if (found != by_task_.end()) drop(found->second);
}

void WorkingSet::clear() {
  entries_.clear();
  by_task_.clear();
  bytes_ = 0;
}

void WorkingSet::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_task_.erase(entry->task);
  entries_.erase(entry);
}

void WorkingSet::shrink() {
  while (bytes_ > max_bytes_ && entries_.size() > 1) drop(std::prev(entries_.end()));
}

}  // namespace tasker::engine
