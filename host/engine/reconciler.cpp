#include "engine/reconciler.h"

#include "base/log.h"
#include "engine/dispatcher.h"

namespace tasker::engine {

void Reconciler::begin() {
  looking_ = false;
  pause_.reset();
  not_before_ = {};
  due_ = {};
}

void Reconciler::soon() {
  const SteadyTime now = core_.executor.now();
  if (!core_.outage.lasts()) {
    pause_.reset();
    not_before_ = {};
  }
  due_ = std::min(due_, std::max(now + Millis(2'000), not_before_));
}

void Reconciler::look_if_due() {
  const SteadyTime now = core_.executor.now();
  if (looking_ || now < due_) return;
  looking_ = true;
  due_ = now + core_.options.reconcile;
  if (!core_.outage.lasts()) pause_.reset();
  not_before_ = now + pause_.next();
  look({}, [this](Suspects suspects, const std::vector<ClaimedStep>&) {
    looking_ = !suspects.empty();
    if (looking_) look_again(std::move(suspects));
  });
}

void Reconciler::look_again(Suspects suspects) {
  const SteadyTime when = core_.executor.now() + Millis(1'000);
  core_.executor.call_at(when, [this, life = std::weak_ptr<int>(core_.life), suspects = std::move(suspects)] {
    if (life.expired()) return;
    look(suspects, [this](const Suspects&, const std::vector<ClaimedStep>& lost) {
      looking_ = false;
      if (!lost.empty()) log_warn("{} claimed steps had been lost on the way; they run now", lost.size());
      dispatcher_->accept(lost);
    });
  });
}

// `handle` gets what the database counts as ours and we do not hold, and of that what was suspected before.
void Reconciler::look(Suspects suspected, std::function<void(Suspects, const std::vector<ClaimedStep>&)> handle) {
  core_.store.held(core_.host, core_.on_strand<std::vector<ClaimedStep>>(
      [this, suspected = std::move(suspected), handle = std::move(handle)](Result<std::vector<ClaimedStep>> held) {
        if (!held.has_value()) {
          looking_ = false;
          core_.on_error(held.error());
          return;
        }
        Suspects suspects;
        std::vector<ClaimedStep> lost;
        for (const ClaimedStep& step : held.value()) {
          if (dispatcher_->holds({step.step, step.claim_no})) continue;
          suspects.insert(workflow_step_id(step.step));
          if (suspected.count(workflow_step_id(step.step)) != 0) lost.push_back(step);
        }
        handle(std::move(suspects), lost);
      }));
}

}  // namespace tasker::engine
