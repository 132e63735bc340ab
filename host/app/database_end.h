// That the private database has ended and nobody starts it again: told by its keeper, at any moment, to whoever runs a host
// on it. Owned by the verb; [any].
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace tasker::app {

class DatabaseEnd {
 public:
  void tell() {
    const std::lock_guard lock(mutex_);
    has_come_ = true;
    if (listener_) listener_();
  }
  // Called at once when the end has come before; nobody is called any more once this returned for an empty one.
  void listen(std::function<void()> listener) {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
    if (has_come_ && listener_) listener_();
  }
  bool has_come() const {
    const std::lock_guard lock(mutex_);
    return has_come_;
  }

 private:
  mutable std::mutex mutex_;
  bool has_come_ = false;
  std::function<void()> listener_;  // must not block
};

}  // namespace tasker::app
