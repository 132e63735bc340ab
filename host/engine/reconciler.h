// Compares the steps that the database counts as this host's with those it holds: answers get lost with their connection,
// and what they claimed would never run. Only what two looks a second apart both show is taken: the first alone may show a
// step whose claim or completion was just on its way. A look reads the open tasks, so it comes once after failed calls,
// less and less often while they go on failing, and otherwise seldom. On the engine's strand.
#pragma once

#include <functional>
#include <unordered_set>
#include <vector>

#include "engine/backoff.h"
#include "engine/core.h"

namespace tasker::engine {

class Dispatcher;

class Reconciler {
 public:
  explicit Reconciler(Core& core) : core_(core) {}
  void connect(Dispatcher& dispatcher) { dispatcher_ = &dispatcher; }

  void begin();         // a life began
  void soon();          // a call failed or succeeded again
  void look_if_due();   // now and then

 private:
  using Suspects = std::unordered_set<std::int64_t>;

  void look(Suspects suspected, std::function<void(Suspects, const std::vector<ClaimedStep>&)> handle);
  void look_again(Suspects suspects);

  Core& core_;
  Dispatcher* dispatcher_ = nullptr;
  bool looking_ = false;
  SteadyTime due_{};
  SteadyTime not_before_{};
  Backoff pause_{Millis(2'000), Millis(60'000)};
};

}  // namespace tasker::engine
