// Versions leave: one that drains is asked for in the database until no open task has it; then it goes out of the registry, and
// when nobody holds a handler of it any more, fini, dlclose and a look whether it is really gone. What the plugin may make take
// long runs on threads of its own (apart_call.h); this thread only waits for their word, and calls a version stuck when none comes.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "plugin/invoke.h"
#include "plugin/loader_core.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

// A farewell of a stopping host that takes longer than this no longer holds up those behind it.
constexpr milliseconds kStopPatience{100};
constexpr std::size_t kStopThreads = 64;
// A shortage of threads ends at any moment, and a try costs little.
constexpr milliseconds kThreadPause{1'000};

std::string seconds_text(milliseconds span) { return fmt::format("{:.3g} s", static_cast<double>(span.count()) / 1000); }

}  // namespace

// ------------------------------------------------------------ leases

// When the last of them is dropped, this thread is told, which alone lets the plugin go: a worker never ends one.
std::vector<std::shared_ptr<engine::Handler>> Loader::Core::leased_handlers(const Entry& entry) {
  std::shared_ptr<void> lease(nullptr, [weak = weak_from_this(), key = entry.key](void*) {
    const auto self = weak.lock();
    if (self) asio::post(self->io, [weak, key] {
      if (const auto core = weak.lock()) core->on_released(key);
    });
  });
  auto handlers = entry.plugin->handlers();
  for (auto& handler : handlers) {
    auto* const plain = handler.get();
    handler = {plain, [handler, lease](engine::Handler*) mutable {
                 handler.reset();  // first: the plugin is the loader's alone when it is told
                 lease.reset();
               }};
  }
  return handlers;
}

Entry* Loader::Core::entry_of(std::uint64_t key) {
  const auto found = by_key.find(key);
  return found == by_key.end() ? nullptr : found->second;
}

// ------------------------------------------------------------ draining

void Loader::Core::ask_needs_soon() {
  needs_pause = std::min(options.drain_look, options.rescan);
  ask_needs();
}

void Loader::Core::ask_needs() {
  if (is_stopping) return;
  const bool drains = std::any_of(entries.begin(), entries.end(), [](const Entry& entry) { return entry.drains(); });
  if (!drains) return;
  needs_timer.expires_after(needs_pause);
  needs_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled && !self->is_stopping && !self->is_asking_needs) self->find_needs();
  });
}

// One that began to drain only just now may be given a task by a request that chose it before: it is asked for the next time. And an
// answer counts only for those that were draining, without a break, when it was asked for.
void Loader::Core::find_needs() {
  const auto long_enough = Steady::now() - std::min(options.drain_look, options.rescan);
  const std::uint64_t question = ++last_question;
  std::vector<TemplateId> templates;
  for (Entry& entry : entries) {
    if (!entry.drains() || !entry.drains_from || *entry.drains_from > long_enough) continue;
    entry.asked_by = question;
    templates.push_back(entry.ids->template_id);
  }
  if (templates.empty()) return ask_needs();
  needs_pause = std::min(needs_pause * 2, options.rescan);
  is_asking_needs = true;
  catalogue.find_needs(templates, [weak = weak_from_this(), question](Result<std::vector<VersionNeed>> answer) {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, question, answer = std::move(answer)] {
        if (const auto core = weak.lock()) core->on_needs(question, answer);
      });
  });
}

void Loader::Core::on_needs(std::uint64_t question, const Result<std::vector<VersionNeed>>& answer) {
  is_asking_needs = false;
  if (is_stopping) return;
  if (!answer)
    log_failure(LogLevel::warn, answer.error(), "whether open tasks still have draining plugins could not be asked, it is tried again in {}: {}",
                seconds_text(needs_pause));
  else
    for (const VersionNeed& need : *answer)
      for (Entry& entry : entries) {
        if (entry.asked_by != question || !entry.drains() || entry.ids->template_id != need.template_id) continue;
        if (need.tasks > 0)
          say_need(entry, need);
        else if (const Entry* user = user_of(entry))
          say_user(entry, *user);
        else
          let_go(entry, "no open task has it any more");
      }
  ask_needs();
}

void Loader::Core::say_need(Entry& entry, const VersionNeed& need) {
  if (entry.record.state == PluginState::quarantined) return;  // that is what they wait for
  const std::string text = (is_retired(entry) ? "an operator retired it; it goes on for the open tasks that have it: "
                            : is_superseded(entry) ? "a newer build of its file was loaded; it goes on for the open tasks that have it: "
                            : entry.is_kept ? "it was loaded from its private copy for the open tasks that have it: "
                                          : "its file was removed; it goes on for the open tasks that have it: ") +
                           (need.tasks > 1000 ? "1000+" : std::to_string(need.tasks)) + ", the oldest is task " + std::to_string(need.oldest) +
                           (need.next_wake.empty() ? "" : ", the next delayed step is due at " + need.next_wake);
  if (entry.record.reason == text) return;
  entry.record.reason = text;
  book.show(entry.key, entry.record);
}

void Loader::Core::say_user(Entry& entry, const Entry& user) {
  const std::string text = "it goes on for workflow " + user.label() + ", which is bound to it";
  if (std::exchange(entry.record.reason, text) != text) book.show(entry.key, entry.record);
}

// ------------------------------------------------------------ out of the registry, out of the process

void Loader::Core::let_go(Entry& entry, std::string why) {
  entry.is_leaving = true;
  entry.record.reason = std::move(why);
  book.show(entry.key, entry.record);
  log_debug("plugin {}: {}; it is taken out", entry.label(), entry.record.reason);
  watch_over(entry, options.drain_patience, &Core::ask_to_end);
  publish_registry();
  entry.handlers.clear();
}

void Loader::Core::on_released(std::uint64_t key) {
  Entry* entry = entry_of(key);
  if (!entry || is_stopping) return;
  entry->is_released = true;
  if (!entry->call) go_on_leaving(*entry);
}

void Loader::Core::go_on_leaving(Entry& entry) {
  if (!entry.is_released) return;
  enter(entry, PluginState::finishing, "", entry.record.state == PluginState::stuck ? "its last attempt has left" : entry.record.reason);
  watch_over(entry, options.drain_timeout, &Core::call_it_stuck);
  call_apart(entry, [](HeldPlugin& plugin) {
    plugin.drain();
    plugin.finish();
  }, &Core::on_finished);
}

// Attempts whose tasks ended without them, and that never look up.
void Loader::Core::ask_to_end(Entry& entry) {
  watch_over(entry, options.drain_timeout, &Core::call_it_stuck);
  call_apart(entry, [](HeldPlugin& plugin) { plugin.drain(); }, &Core::go_on_leaving);
}

void Loader::Core::call_apart(Entry& entry, std::function<void(HeldPlugin&)> step, void (Core::*then)(Entry&)) {
  entry.retry.reset();
  ++entry.retry_number;
  auto call = ApartCall::start(
      [plugin = entry.plugin, step] { step(*plugin); },
      [weak = weak_from_this(), key = entry.key, then] {
        const auto core = weak.lock();
        if (core) asio::post(core->io, [weak, key, then] {
          const auto self = weak.lock();
          Entry* found = self && !self->is_stopping ? self->entry_of(key) : nullptr;
          if (!found) return;
          found->call.reset();
          ((*self).*then)(*found);
        });
      });
  if (!call) return call_apart_later(entry, std::move(step), then, call.error());
  entry.call = std::move(*call);
  entry.no_thread.clear();
}

void Loader::Core::call_apart_later(Entry& entry, std::function<void(HeldPlugin&)> step, void (Core::*then)(Entry&), const Error& error) {
  if (entry.no_thread != error.message)
    log_failure(LogLevel::warn, error, "plugin {} cannot leave yet, it is tried again in {}: {}", entry.label(), seconds_text(kThreadPause));
  entry.no_thread = error.message;
  entry.retry = std::make_unique<asio::steady_timer>(io, kThreadPause);
  entry.retry->async_wait([self = shared_from_this(), key = entry.key, number = ++entry.retry_number, step = std::move(step),
                           then](const boost::system::error_code& cancelled) {
    Entry* found = cancelled || self->is_stopping ? nullptr : self->entry_of(key);
    if (found && found->retry_number == number && !found->call) self->call_apart(*found, step, then);
  });
}

void Loader::Core::on_finished(Entry& entry) {
  enter(entry, PluginState::closing, "", entry.record.state == PluginState::stuck ? "its fini() has returned at last" : entry.record.reason);
  // The answer outlives a call that is given up.
  const auto is_resident = std::make_shared<bool>(false);
  entry.is_resident = is_resident;
  watch_over(entry, options.drain_timeout, &Core::call_it_stuck);
  call_apart(entry, [is_resident](HeldPlugin& plugin) { *is_resident = !plugin.close(); }, &Core::on_closed);
}

void Loader::Core::on_closed(Entry& entry) {
  const bool stays = *entry.is_resident;
  stop_watch(entry);
  entry.plugin.reset();
  entry.ids.reset();
  entry.is_leaving = false;
  // For a task that was being created when nobody needed the version: its copy is kept as long as a new one.
  std::error_code failed;
  fs::last_write_time(copy_of(entry), fs::file_time_type::clock::now(), failed);
  if (stays) {
    enter(entry, PluginState::resident, "", "it was unloaded, but its code stays in the process: something of it is marked never to be "
                                            "unloaded, or a thread has yet to run a thread_local destructor of it");
    look_at_residents();
  } else {
    enter(entry, PluginState::unloaded, "", entry.record.reason);
  }
  if (entry.is_workflow()) ask_needs_soon();  // what it was made of
  if (!entry.comes_back) return;
  const std::string file = entry.file;  // take() forgets this entry
  take(file);
}

void Loader::Core::watch_over(Entry& entry, milliseconds limit, void (Core::*then)(Entry&)) {
  entry.watch = std::make_unique<asio::steady_timer>(io, limit);
  entry.watch->async_wait([self = shared_from_this(), key = entry.key, number = ++entry.watch_number, then](const boost::system::error_code&) {
    Entry* found = self->is_stopping ? nullptr : self->entry_of(key);
    if (found && found->watch_number == number) ((*self).*then)(*found);
  });
}

void Loader::Core::stop_watch(Entry& entry) {
  ++entry.watch_number;
  entry.watch.reset();
}

void Loader::Core::call_it_stuck(Entry& entry) {
  const std::string span = seconds_text(options.drain_timeout);
  if (!entry.no_thread.empty())
    return enter(entry, PluginState::stuck, "", "it could not be told to end within " + span + ", because " + entry.no_thread + "; that is tried again and again");
  std::string what;
  if (entry.record.state == PluginState::closing)
    what = "the unloading of its code has not ended within " + span;
  else if (entry.record.state == PluginState::finishing)
    what = "its fini() has not returned within " + span;
  else
    what = fmt::format("{} attempts that no open task waits for have not left it within {}", entry.plugin->inside(), span);
  enter(entry, PluginState::stuck, "", what + "; it stays in memory until they end or the host does");
}

void Loader::Core::forget_gone(const std::string& file) {
  const auto found = by_file.find(file);
  if (found == by_file.end()) return;
  const std::vector<Entry*> of_file = found->second;
  for (Entry* entry : of_file)
    if (entry->is_gone()) forget(*entry);
}

void Loader::Core::forget_old() {
  const auto before = std::chrono::system_clock::now() - options.keep_ended;
  for (auto entry = entries.begin(); entry != entries.end();) {
    const auto next = std::next(entry);
    if (entry->record.state == PluginState::unloaded && entry->record.since < before) forget(*entry);
    entry = next;
  }
}

void Loader::Core::look_at_residents() {
  resident_timer.expires_after(options.resident_look);
  resident_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (cancelled || self->is_stopping) return;
    if (self->being_unloaded()) return self->look_at_residents();
    bool any = false;
    for (Entry& entry : self->entries) {
      if (entry.record.state != PluginState::resident) continue;
      if (Library::is_resident(self->copy_of(entry)))
        any = true;
      else
        self->enter(entry, PluginState::unloaded, "", "it has left the process at last");
    }
    if (any) self->look_at_residents();
  });
}

// ------------------------------------------------------------ the end of the host

// One after the other on a thread apart; when one takes its time another thread goes on behind it.
void Loader::Core::end_all(Steady::time_point deadline) {
  struct Round {
    std::mutex mutex;
    std::condition_variable moved;
    std::vector<std::shared_ptr<HeldPlugin>> plugins;  // constant
    std::size_t next = 0, ended = 0;                     // guarded by mutex
  };
  const auto round = std::make_shared<Round>();
  for (Entry& entry : entries)
    if (entry.call && !entry.call->wait_until(std::min(deadline, Steady::now() + kStopPatience)))
      log_warn("plugin {}: it has not finished; it is left as it is", entry.label());
    else if (entry.plugin && entry.record.state != PluginState::closing && entry.record.state != PluginState::finishing)
      round->plugins.push_back(entry.plugin);
  const auto work_on = [round, deadline] {
    for (std::unique_lock lock(round->mutex); round->next < round->plugins.size();) {
      const auto plugin = round->plugins[round->next++];
      lock.unlock();
      plugin->retire(deadline);
      lock.lock();
      ++round->ended;
      round->moved.notify_all();
    }
  };
  std::vector<std::unique_ptr<ApartCall>> threads;
  std::unique_lock lock(round->mutex);
  while (round->ended < round->plugins.size() && Steady::now() < deadline) {
    const std::size_t before = round->ended;
    if (round->next < round->plugins.size() && threads.size() < kStopThreads) {
      auto call = ApartCall::start(work_on, [] {});
      if (call) threads.push_back(std::move(*call));
    }
    round->moved.wait_until(lock, std::min(deadline, Steady::now() + kStopPatience), [&] { return round->ended > before; });
  }
  if (const std::size_t left = round->plugins.size() - round->ended; left > 0)
    log_warn("{} plugins have not finished within the time for stopping; they are left as they are", left);
}

}  // namespace tasker::plugin
