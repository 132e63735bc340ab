// Natural batching of reads: what is asked for while the connection is busy is answered together, by one query. At most
// one piece of work waits in the connection's queue, however many callers there are. [any] thread adds, [db] answers.
#pragma once

#include <functional>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "store/connection.h"

namespace tasker::store {

// Item has `units()`, which bounds a batch, and `refuse(Error)`, which answers its caller.
template <class Item>
class Gather {
 public:
  using Answer = std::function<void(Session&, std::vector<Item>)>;  // [db] answers every item

  Gather(Connection& connection, std::string name, std::size_t most_units, Answer answer)
      : connection_(connection), name_(std::move(name)), most_units_(most_units), answer_(std::move(answer)) {}

  void add(Item item) {
    bool full = false, post = false;
    {
      const std::lock_guard lock(mutex_);
      full = waiting_.size() >= kMostWaiting;
      if (!full) {
        waiting_.push_back(std::move(item));
        post = !std::exchange(posted_, true);
      }
    }
    if (full) item.refuse(overloaded_error(name_));
    if (post) ask();
  }

 private:
  static constexpr std::size_t kMostWaiting = 16384;

  void ask() {
    if (connection_.post([this](Session& session) { run(session); })) return;
    std::vector<Item> refused;
    {
      const std::lock_guard lock(mutex_);
      refused.swap(waiting_);
      posted_ = false;
    }
    for (Item& item : refused) item.refuse(overloaded_error(name_));
  }

  void run(Session& session) {
    std::vector<Item> batch;
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      std::size_t count = 0, units = 0;
      while (count < waiting_.size() && (count == 0 || units + waiting_[count].units() <= most_units_)) {
        units += waiting_[count++].units();
      }
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
      batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
      waiting_.erase(waiting_.begin(), end);
      more = posted_ = !waiting_.empty();
    }
    if (more) ask();
    answer_(session, std::move(batch));
  }

  Connection& connection_;
  const std::string name_;
  const std::size_t most_units_;
  const Answer answer_;
  std::mutex mutex_;
  std::vector<Item> waiting_;  // guarded by mutex_
  bool posted_ = false;        // guarded by mutex_
};

}  // namespace tasker::store
