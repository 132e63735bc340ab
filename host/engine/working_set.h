// Contexts and results of the tasks that this host is running, so that a chained child needs nothing from the database.
// A cache and nothing more: never asked what is ready, used only while the task's revision is unchanged, bounded by
// bytes, the longest unused task goes first. On the engine's strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace tasker::engine {

using SharedText = std::shared_ptr<const std::string>;

class WorkingSet {
 public:
  struct Entry {
    TaskId task{};
    std::int32_t revision = 0;
    SharedText context;
    std::string correlation_id, traceparent;
    std::vector<std::pair<Ord, SharedText>> results;
    std::size_t bytes = 0;

    const std::string* result(Ord ord) const;
  };

  explicit WorkingSet(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Nullptr when the task is unknown or has changed. Valid until the next call that is not const.
  const Entry* find(TaskId task, std::int32_t revision);
  void put(TaskId task, std::int32_t revision, SharedText context, std::string correlation_id,
           std::string traceparent);
  void add_result(TaskId task, Ord ord, SharedText result);  // ignored when the task is unknown
  void forget(TaskId task);
  void clear();
  std::size_t bytes() const { return bytes_; }

 private:
  using Entries = std::list<Entry>;  // most recently used first

  void drop(Entries::iterator entry);
  void shrink();

  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<TaskId, Entries::iterator> by_task_;
};

}  // namespace tasker::engine
