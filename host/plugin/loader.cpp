#include "plugin/loader.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "base/secrets.h"
#include "plugin/loader_core.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A file that somebody still has open for writing gets more time: until it is closed, or this often the quiet time.
constexpr int kOpenFilePatience = 10;
constexpr milliseconds kStopPatience{5'000};  // beyond the plugins' grace

}  // namespace

// ------------------------------------------------------------ records

void Loader::Core::enter(Entry& entry, PluginState state, std::string code, std::string reason) {
  const auto before = std::exchange(entry.record.state, state);
  entry.news.reset();
  const bool takes_no_tasks = state == PluginState::draining || state == PluginState::quarantined;
  entry.drains_from = takes_no_tasks ? std::optional(Steady::now()) : std::nullopt;
  entry.asked_by = 0;
  book.count(state);
  entry.record.code = std::move(code);
  entry.record.reason = std::move(reason);
  entry.record.since = std::chrono::system_clock::now();
  if (state >= PluginState::active) catalogue.note_state(entry.record);
  book.show(entry.key, entry.record);
  const auto text = plugin_state_text(state);
  const auto label = entry.label();
  const LogSubject subject{.code = entry.record.code, .plugin = label};
  if (state == PluginState::refused)
    log_about(LogLevel::warn, subject, "plugin {} is refused: {} ({})", label, entry.record.reason, entry.record.code);
  else if (state == PluginState::quarantined)
    log_about(LogLevel::error, subject, "plugin {} is quarantined: {} ({})", label, entry.record.reason, entry.record.code);
  else if (state == PluginState::stuck)
    log_about(LogLevel::warn, subject, "plugin {} is stuck: {}", label, entry.record.reason);
  else if (state == PluginState::active || state == PluginState::draining || entry.is_gone())
    log_about(LogLevel::info, subject, "plugin {} is {}{}{}", label, text, entry.record.reason.empty() ? "" : ": ",
              entry.record.reason);
  else
    log_about(LogLevel::debug, subject, "plugin {}: {} -> {}", label, plugin_state_text(before), text);
  if (options.on_change) options.on_change(entry.record);
  if (state >= PluginState::active) bind_soon();
}

void Loader::Core::refuse(Entry& entry, const Error& error) {
  if (entry.plugin && entry.plugin->retire(Steady::now() + std::chrono::seconds(1))) entry.plugin->close();
  entry.plugin.reset();
  entry.early_trouble.reset();
  if (error.retry == Retry::later) try_again(entry.file);
  // What a plugin says of its configuration may hold a secret of it.
  enter(entry, PluginState::refused, std::string(code_text(error.code)), masked(error.message));
}

Entry* Loader::Core::candidate(const std::string& file) {
  const auto found = by_file.find(file);
  if (found == by_file.end()) return nullptr;
  for (Entry* entry : found->second)
    if (!entry->plugin && !entry->is_gone()) return entry;
  return nullptr;
}

std::vector<Entry*> Loader::Core::loaded(const std::string& file) {
  const auto found = by_file.find(file);
  if (found == by_file.end()) return {};
  std::vector<Entry*> loaded = found->second;
  std::erase_if(loaded, [](const Entry* entry) { return !entry->plugin; });
  return loaded;
}

Entry& Loader::Core::add(const std::string& file, const PluginFileName& name) {
  Entry& entry = entries.emplace_back();
  entry.key = ++last_key;
  entry.file = file;
  by_file[file].push_back(&entry);
  by_key[entry.key] = &entry;
  entry.record.namespace_name = name.namespace_name;
  entry.record.name = name.name;
  entry.record.version = name.version_text;
  entry.record.path = (options.plugins / file).string();
  return entry;
}

void Loader::Core::forget(Entry& gone) {
  log_debug("plugin {}: its file is gone", gone.label());
  bind_soon();
  book.erase(gone.key);
  const auto same_file = by_file.find(gone.file);
  std::erase(same_file->second, &gone);
  if (same_file->second.empty()) by_file.erase(same_file);
  by_key.erase(gone.key);
  entries.remove_if([key = gone.key](const Entry& entry) { return entry.key == key; });
}

void Loader::Core::publish_registry() {
  std::vector<RegistryEntry> usable;
  for (const Entry& entry : entries) {
    if (!entry.ids || entry.is_leaving || entry.record.state == PluginState::quarantined) continue;
    usable.push_back({entry.record.namespace_name, entry.record.name, entry.semver,
                      entry.sequence, entry.record.state != PluginState::draining,
                      {entry.ids->template_id, entry.ids->plugin, entry.definition, entry.handlers}});
  }
  registry.publish(std::move(usable), orders ? orders->defaults : std::vector<PinnedDefault>());
  bind_soon();
  if (options.on_registry) options.on_registry();
}

PluginFileName Loader::Core::name_of(const std::string& file) {
  const auto slash = file.find('/');
  // The watcher hands on nothing that does not parse.
  return *parse_file_name(file.substr(0, slash), file.substr(slash + 1));
}

// ------------------------------------------------------------ files come and go

void Loader::Core::on_look(const Look& look) {
  for (const IgnoredFile& odd : book.set_ignored(look.ignored)) {
    log_info("plugins folder: {} is ignored: {}", odd.file, odd.reason);
    if (options.on_ignored) options.on_ignored(odd.file, odd.reason);
  }
  for (const auto& [file, seen] : look.files) {
    WatchedFile& known = files[file];
    known.seen = seen.stamp;
    const bool again = look.is_periodic && known.may_pass;
    if (known.handled == seen.stamp && !again) continue;
    if (!again) known.pause = {};
    settle(file, seen);
  }
  std::vector<std::string> gone;
  for (const auto& [file, known] : files)
    if (look.shows_gone(file)) gone.push_back(file);
  for (const std::string& file : gone) on_gone(file);
  wait_for_quiet();
  if (look.is_periodic) forget_old();
  if (look.is_periodic)
    look_for_needed();
  else
    look_for_needed_at_first();
}

void Loader::Core::settle(const std::string& file, const SeenFile& seen) {
  if (!candidate(file) && loaded(file).empty()) enter(add(file, name_of(file)), PluginState::settling);
  // A file that was already old when it appeared has been quiet before we came.
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto age = std::chrono::duration_cast<milliseconds>(now - std::chrono::nanoseconds(seen.stamp.modified_ns));
  const auto quiet = seen.is_being_written ? options.settle * kOpenFilePatience : options.settle;
  settler.note(file, seen.stamp, Steady::now() - std::clamp(age, milliseconds(0), options.settle), quiet);
}

void Loader::Core::wait_for_quiet() {
  const auto next = settler.next();
  if (!next || is_stopping) return;
  settle_timer.expires_at(*next);
  settle_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->is_stopping) self->take_quiet();
  });
}

void Loader::Core::take_quiet() {
  if (!orders) return;  // a retired version would be loaded; it goes on when they come
  for (const std::string& file : settler.take_due(Steady::now())) {
    WatchedFile& known = files[file];
    // Where no event tells of writing (a network file system), the stamp does.
    const auto now = Watcher::stamp_of(options.plugins / file);
    if (!now) continue;
    if (*now != known.seen) {
      known.seen = *now;
      settler.note(file, *now, Steady::now(), options.settle);
      continue;
    }
    known.handled = *now;
    take(file);
  }
  sync_copies();
  wait_for_quiet();
  look_for_needed_at_first();
}

void Loader::Core::on_gone(const std::string& file) {
  settler.forget(file);
  files.erase(file);
  workflows.erase(file);
  while (Entry* entry = candidate(file)) forget(*entry);
  for (Entry* entry : loaded(file)) {
    entry->comes_back = false;
    if (!entry->ids && !entry->is_kept) {
      if (entry->plugin->retire(Steady::now())) entry->plugin->close();
      forget(*entry);
    } else if (entry->record.state == PluginState::active) {
      enter_and_publish(*entry, PluginState::draining, kDrainingText);
      ask_needs_soon();
    } else if (entry->record.state == PluginState::quarantined) {
      entry->is_to_drain = true;
      ask_needs_soon();
    }
  }
}

void Loader::Core::enter_and_publish(Entry& entry, PluginState state, std::string reason) {
  entry.record.state = state;
  publish_registry();
  enter(entry, state, "", std::move(reason));
}

// ------------------------------------------------------------ life

Result<void> Loader::Core::prepare() {
  std::error_code failed;
  fs::create_directories(options.plugins, failed);
  if (failed || !fs::is_directory(options.plugins))
    return make_error(Code::plugin_unreadable, "cannot make or open the plugins folder " + options.plugins.string());
  return prepare_state_dir(options.state);
}

void Loader::Core::run() {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& failure) {
      log_error("plugin loader: {}; it goes on with the next file", failure.what());
    }
  }
}

void Loader::Core::finish(milliseconds grace) {
  is_stopping = true;
  watcher->stop();
  settle_timer.cancel();
  needed_timer.cancel();
  needs_timer.cancel();
  resident_timer.cancel();
  enter_timer.cancel();
  allow_timer.cancel();
  orders_timer.cancel();
  bind_timer.cancel();
  registry.publish({});
  for (Entry& entry : entries) {
    entry.retry.reset();
    entry.watch.reset();
    entry.handlers.clear();
  }
  const auto deadline = Steady::now() + grace;
  if (syncing) syncing->wait_until(deadline);
  end_all(deadline);
  // The io_context runs dry by itself: every handler that waits has been cancelled and must let go of us.
  work.reset();
}

Loader::Loader(LoaderOptions options, Catalogue& catalogue, Registry& registry)
    : core_(std::make_shared<Core>(std::move(options), catalogue, registry)) {}

Loader::~Loader() { stop(std::chrono::seconds(1)); }

Result<void> Loader::start() {
  if (auto prepared = core_->prepare(); !prepared) return prepared;
  if (::geteuid() == 0) log_warn("plugins run as root here: run tasker as a user of its own");
  core_->watcher = std::make_unique<Watcher>(core_->io, core_->options.plugins, core_->options.rescan,
                                             [core = core_.get()](const Look& look) { core->on_look(look); });
  if (auto watching = core_->watcher->start(); !watching) return watching;
  asio::post(core_->io, [core = core_] { core->watch_allow_list(); });
  asio::post(core_->io, [core = core_] { core->look_for_orders(); });
  core_->thread = std::thread([core = core_] {
    core->run();
    core->has_run_out.set_value();
  });
  return {};
}

void Loader::hear_orders() {
  asio::post(core_->io, [weak = std::weak_ptr(core_)] {
    if (const auto core = weak.lock()) core->look_for_orders();
  });
}

void Loader::stop(milliseconds grace) {
  if (!core_->thread.joinable()) return;
  core_->stop.request_stop();
  asio::post(core_->io, [core = core_, grace] { core->finish(grace); });
  if (core_->has_run_out.get_future().wait_for(grace + kStopPatience) == std::future_status::ready) return core_->thread.join();
  log_warn("plugins: the loader is still in a plugin's code; it is left there");
  core_->thread.detach();
  note_left_call();
}

TransitionCounts Loader::transitions() const { return core_->book.transitions(); }

bool Loader::has_settled() const { return core_->book.has_settled(); }

std::vector<PluginRecord> Loader::plugins() const { return core_->book.plugins(); }

std::vector<IgnoredFile> Loader::ignored() const { return core_->book.ignored(); }

}  // namespace tasker::plugin
