#include "engine/engine.h"

#include <mutex>
#include <optional>

#include "base/counted.h"
#include "base/log.h"
#include "engine/backoff.h"
#include "engine/claimer.h"
#include "engine/completer.h"
#include "engine/dispatcher.h"
#include "engine/reconciler.h"
#include "engine/submitter.h"
#include "engine/worker_pool.h"

namespace tasker::engine {

class Engine::Impl {
 public:
  explicit Impl(Wiring wiring)
      : wiring_(std::move(wiring)),
        core_(wiring_.executor, wiring_.store, wiring_.catalog, wiring_.options),
        dispatcher_(core_),
        completer_(core_),
        claimer_(core_),
        submitter_(core_),
        reconciler_(core_),
        runner_(make_runner()),
        liveness_(wiring_.store, wiring_.liveness, liveness_events()) {
    dispatcher_.connect(*runner_, completer_);
    completer_.connect(dispatcher_, claimer_);
    claimer_.connect(dispatcher_);
    submitter_.connect(dispatcher_, claimer_);
    reconciler_.connect(dispatcher_);
    completer_.on_ended = wiring_.on_ended;
    core_.on_error = [this](const Error& error) { store_failed(error); };
    core_.on_recovery = [this](const std::string& line) { recovered(line); };
    core_.room.close();
    core_.refresh_snapshot();
  }

  ~Impl() {
    liveness_.stop();
    core_.life.reset();
  }

  std::unique_ptr<JobRunner> make_runner() {
    const EngineOptions& options = wiring_.options;
    if (wiring_.make_runner) return wiring_.make_runner(options, dispatcher_.inbox());
    return std::make_unique<WorkerPool>(options.workers, options.async_workers, dispatcher_.inbox());
  }

  // ---- a life

  void start(Reply<HostId> started) {
    core_.store.register_host(wiring_.host, core_.on_strand<HostId>([this, started](Result<HostId> host) {
      if (stopping_) return;  // a row that beats no more: others see that it holds nothing
      if (!host.has_value()) {
        if (host.error().retry == Retry::never) return started(host.error());
        store_failed(host.error());
        return later(register_pause_.next(), [this, started] { start(started); });
      }
      register_pause_.reset();
      core_.host = host.value();
      core_.registered = true;
      dying_ = false;
      clear_trouble();  // the life before ended with one
      log_host(raw(core_.host));
      log_info("host {} registered", raw(core_.host));
      if (wiring_.on_registered) wiring_.on_registered(core_.host);
      core_.room.open();
      runner_->allow(true);
      liveness_.start(core_.host);
      claimer_.start();
      submitter_.go_on();
      reconciler_.begin();
      watch();
      started(core_.host);
    }));
  }

  // Others declared this host dead: nothing it holds is its own any more.
  void die() {
    if (std::exchange(dying_, true)) return;
    if (stopping_) {
      log_error("host {} was declared dead by others while it was stopping: nothing of it can be written any more", raw(core_.host));
      return end();
    }
    log_about(LogLevel::error, {.code = code_text(Code::host_dead)},
              "host {} was declared dead by others; its work is dropped and it registers anew", raw(core_.host));
    core_.registered = false;
    core_.life = std::make_shared<int>(0);  // answers for the old life are dropped
    taking_over_ = false;                   // such as that of a takeover under way
    core_.room.close();
    dispatcher_.forget_all();
    completer_.forget_all();
    claimer_.forget_all();
    submitter_.forget_all();
    core_.room.reset();
    core_.working_set.clear();
    live_again();
  }

  // Until it succeeds: a host without a life would hold its port and do nothing.
  void live_again() {
    start([this](Result<HostId> host) {
      if (host.has_value() || stopping_) return;
      store_failed(host.error());
      later(Millis(5'000), [this] { live_again(); });
    });
  }

  Liveness::Events liveness_events() {
    const auto on_strand = [this](std::function<void()> work) {
      core_.executor.post([weak = std::weak_ptr<int>(existence_), work = std::move(work)] {
        if (!weak.expired()) work();
      });
    };
    return {.on_dead_hosts = [this, on_strand](std::vector<HostId> dead) {
              on_strand([this, dead = std::move(dead)] { take_over(dead); });
            },
            .on_declared_dead = [this, on_strand](HostId host) {
              on_strand([this, host] {
                if (host == core_.host) die();
              });
            },
            .on_renewal = [this, on_strand](bool well) {
              if (!well) runner_->allow(false);  // at once: the strand may be busy
              on_strand([this, well] { renewal(well); });
            }};
  }

  void renewal(bool well) {
    if (stopping_) return;
    if (well) {
      log_info("host {} renews its heartbeat again", raw(core_.host));
      runner_->allow(true);
      core_.room.open();
      claimer_.start();
    } else {
      const std::string why = liveness_.last_error();
      log_warn("host {} cannot renew its heartbeat, so no attempt is started until it can: {}", raw(core_.host),
               why.empty() ? "the database does not answer" : why);
      runner_->allow(false);  // again: the strand may just have allowed it for a renewal before
      core_.room.close();
      dispatcher_.raise_stop_bits(kStopLeaseLost);
    }
  }

  void take_over(const std::vector<HostId>& dead) {
    if (std::exchange(taking_over_, true)) return;
    core_.store.reclaim(core_.host, dead, core_.on_strand<int>([this, count = dead.size()](Result<int> steps) {
      taking_over_ = false;
      if (!steps.has_value()) return store_failed(steps.error());  // the next beat asks again
      if (steps.value() > 0) log_info("took {} back from {}", counted(static_cast<std::size_t>(steps.value()), "step"), counted(count, "dead host"));
      core_.stats.takeovers.fetch_add(static_cast<std::uint64_t>(steps.value()), std::memory_order_relaxed);
      claimer_.look_soon();
    }));
  }

  void store_failed(const Error& error) {
    {
      const std::lock_guard lock(trouble_mutex_);
      trouble_ = std::string(code_text(error.code)) + ": " + error.message;
    }
    if (error.code == Code::host_dead) return die();
    if (const std::string line = core_.outage.failed(error, core_.executor.now()); !line.empty())
      log_about(LogLevel::warn, {.code = code_text(error.code)}, "{}", line);
    reconciler_.soon();
  }

  void recovered(const std::string& line) {
    log_info("{}", line);
    clear_trouble();
    reconciler_.soon();
  }

  void clear_trouble() {
    const std::lock_guard lock(trouble_mutex_);
    trouble_.clear();
  }

  // Housekeeping: unstarted claims, and steps that only one side believes in.
  void watch() {
    later(Millis(500), [this] {
      if (stopping_) return;
      dispatcher_.hand_back_unstarted(core_.executor.now() - core_.options.start_within);
      reconciler_.look_if_due();
      watch();
    });
  }

  // ---- the end

  void stop(Millis grace, std::function<void()> stopped) {
    if (std::exchange(stopping_, true)) return stopped();
    ending_ = {core_.executor.now(), core_.stats.steps_completed, core_.stats.handed_back, std::move(stopped)};
    core_.room.close();
    runner_->allow(false);
    dispatcher_.raise_stop_bits(kStopDraining);
    if (!core_.registered || database_gone_) return end();
    drain(core_.executor.now() + grace);
  }

  void database_is_gone() {
    database_gone_ = true;
    if (stopping_) end();
  }

  void drain(SteadyTime deadline) {
    dispatcher_.hand_back_unstarted(SteadyTime::max());  // also what claims under way have brought meanwhile
    const bool quiet = dispatcher_.held() == 0 && completer_.idle() && submitter_.idle() && claimer_.idle();
    const SteadyTime now = core_.executor.now();
    if (!quiet && now < deadline) return later(Millis(20), [this, deadline] { drain(deadline); });
    if (dispatcher_.unfinished() > 0) {
      log_warn("{} attempts did not end within the grace time; their steps go back", dispatcher_.unfinished());
      dispatcher_.hand_back_all();
    }
    leave(now + Millis(5'000));
  }

  // Waits for the last outcomes and until what was handed back is written (a host that has left is refused), then closes
  // the host's row. Bounded: takeover does the rest.
  void leave(SteadyTime deadline) {
    if ((!completer_.idle() || dispatcher_.handing_back()) && core_.executor.now() < deadline) {
      return later(Millis(20), [this, deadline] { leave(deadline); });
    }
    liveness_.stop();
    close_row();
    later(Millis(3'000), [this] {
      log_warn("host {} could not close its row in time: others find it dead when its heartbeat stands still", raw(core_.host));
      end();
    });
  }

  // The row is locked while a call of this host is in flight; a takeover that it began may take longer than it may.
  void close_row() {
    core_.store.leave(core_.host, core_.on_strand<int>([this](Result<int> left) {
      if (left.has_value()) return end();
      if (left.error().code == Code::database_locked) return later(Millis(50), [this] { close_row(); });
      log_failure(LogLevel::warn, left.error(),
                  "host {} could not close its row, others find it dead when its heartbeat stands still: {}", raw(core_.host));
      end();
    }));
  }

  // Nothing that is waited for can happen any more, or everything has.
  void end() {
    if (!ending_) return;
    const Ending ending = std::move(*ending_);
    ending_.reset();
    liveness_.stop();
    core_.registered = false;
    core_.life = std::make_shared<int>(0);
    submitter_.refuse_all();
    runner_->close();
    const std::size_t left = dispatcher_.held();
    log_info("host {} stopped within {} ms: {} finished, {} handed back{}", raw(core_.host),
             std::chrono::duration_cast<Millis>(core_.executor.now() - ending.began).count(),
             counted(core_.stats.steps_completed - ending.steps_completed, "attempt"),
             counted(core_.stats.handed_back - ending.handed_back, "step"),
             left == 0 ? std::string() : "; " + counted(left, "step") + " that it still held will be taken over from it");
    dispatcher_.forget_all();
    completer_.forget_all();
    claimer_.forget_all();
    ending.stopped();
  }

  void later(Millis time, std::function<void()> work) {
    core_.executor.call_at(core_.executor.now() + time, [weak = std::weak_ptr<int>(core_.life), work = std::move(work)] {
      if (!weak.expired()) work();
    });
  }

  std::string trouble() const {
    const auto silent = liveness_.since_last_beat();
    if (silent >= wiring_.liveness.timeout * 7 / 10) {
      const std::string error = liveness_.last_error();
      return "the heartbeat has not been renewed for " + std::to_string(silent.count() / 1000) + " s, " +
             (error.empty() ? std::string(code_text(Code::database_unavailable)) + ": the database does not answer" : error);
    }
    const std::lock_guard lock(trouble_mutex_);
    return trouble_;
  }

  struct Ending {
    SteadyTime began;
    std::uint64_t steps_completed = 0;  // up to then
    std::uint64_t handed_back = 0;
    std::function<void()> stopped;
  };

  const std::shared_ptr<int> existence_ = std::make_shared<int>(0);  // for work posted by the liveness thread
  const Wiring wiring_;
  Core core_;
  Dispatcher dispatcher_;
  Completer completer_;
  Claimer claimer_;
  Submitter submitter_;
  Reconciler reconciler_;
  const std::unique_ptr<JobRunner> runner_;
  Liveness liveness_;

  bool stopping_ = false;
  bool dying_ = false;
  bool taking_over_ = false;
  bool database_gone_ = false;
  std::optional<Ending> ending_;
  Backoff register_pause_{Millis(1'000), Millis(5'000)};
  mutable std::mutex trouble_mutex_;           // guards trouble_
  std::string trouble_;
};

Engine::Engine(Wiring wiring) : impl_(std::make_shared<Impl>(std::move(wiring))) {}

Engine::~Engine() = default;

void Engine::start(Reply<HostId> started) {
  impl_->core_.executor.post([impl = impl_, started = std::move(started)] { impl->start(started); });
}

void Engine::stop(Millis grace, std::function<void()> stopped) {
  impl_->core_.executor.post([impl = impl_, grace, stopped = std::move(stopped)] { impl->stop(grace, stopped); });
}

void Engine::database_is_gone() {
  impl_->core_.executor.post([impl = impl_] { impl->database_is_gone(); });
}

void Engine::submit(std::vector<NewTask> tasks, IdempotencyKey key, Reply<CreatedTasks> reply) {
  impl_->core_.executor.post([impl = impl_, tasks = std::move(tasks), key = std::move(key), reply = std::move(reply)]() mutable {
    if (impl->stopping_) return reply(make_error(Code::stopping, "this host is stopping; submit to another", Retry::later));
    impl->submitter_.submit(std::move(tasks), std::move(key), std::move(reply));
  });
}

void Engine::submit(std::vector<NewTask> tasks, Reply<std::vector<TaskId>> reply) {
  submit(std::move(tasks), {}, [reply = std::move(reply)](Result<CreatedTasks> created) {
    if (!created.has_value()) return reply(created.error());
    reply(std::move(created->tasks));
  });
}

void Engine::plugins_changed() {
  impl_->core_.executor.post([impl = impl_] { impl->core_.refresh_snapshot(); });
}

void Engine::work_was_queued() {
  impl_->core_.executor.post([impl = impl_] { impl->claimer_.look_soon(); });
}

const Stats& Engine::stats() const { return impl_->core_.stats; }

Millis Engine::heartbeat_age() const { return impl_->liveness_.since_last_beat(); }

std::string Engine::trouble() const { return impl_->trouble(); }

}  // namespace tasker::engine
