#include "store/id_blocks.h"

#include <algorithm>

namespace tasker::store {

void IdBlocks::drop_old() {
  const auto now = clock_.steady_now();
  if (now - last_use_ >= kDropAfter) ranges_.clear();
  last_use_ = now;
}

void IdBlocks::drop_all() {
  const std::lock_guard lock(mutex_);
  ranges_.clear();
}

std::size_t IdBlocks::available() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const Range& range : ranges_) count += static_cast<std::size_t>(range.end - range.next);
  return count;
}

Result<std::vector<TaskId>> IdBlocks::take(std::size_t count, const TakeBlocks& take_blocks) {
  std::unique_lock lock(mutex_);
  drop_old();
  std::size_t have = 0;
  for (const Range& range : ranges_) have += static_cast<std::size_t>(range.end - range.next);
  if (have < count) {
    const auto wanted = static_cast<int>((count - have + kBlockSize - 1) / kBlockSize);
    lock.unlock();
    auto blocks = take_blocks(wanted);
    if (!blocks) return blocks.error();
    lock.lock();
    for (const std::int64_t block : *blocks) ranges_.push_back({block * kBlockSize, (block + 1) * kBlockSize});
    std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.next < b.next; });
    last_use_ = clock_.steady_now();
  }
  std::vector<TaskId> ids;
  ids.reserve(count);
  while (ids.size() < count && !ranges_.empty()) {
    Range& range = ranges_.front();
    while (ids.size() < count && range.next < range.end) ids.push_back(static_cast<TaskId>(range.next++));
    if (range.next == range.end) ranges_.pop_front();
  }
  if (ids.size() < count) {
    return make_error(Code::internal, "the database answered fewer blocks of task ids than were asked for", Retry::later);
  }
  return ids;
}

void IdBlocks::give_back(const std::vector<TaskId>& ids) {
  const std::lock_guard lock(mutex_);
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    const std::int64_t value = raw(*id);
    if (!ranges_.empty() && ranges_.front().next == value + 1) {
      ranges_.front().next = value;
    } else {
      ranges_.push_front({value, value + 1});
    }
  }
}

}  // namespace tasker::store
