// One file's way: intake, inspection, loading, and into the catalogue and the registry.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.h"
#include "plugin/crash_notes.h"
#include "plugin/dev_version.h"
#include "plugin/invoke.h"
#include "plugin/loader_core.h"
#include "plugin/manifest.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLongestPublishPause{30'000};
constexpr milliseconds kUnloadPatience{1'000};
// While versions come in one after the other, at most a fifth of the time goes into new registries.
constexpr int kPublishShare = 4;
// A shortage ends at any moment, and a try costs little.
constexpr milliseconds kShortestPause{250}, kLongestPause{4'000};

Error altered(const fs::path& copy) {
  return make_error(Code::plugin_untrusted_file, "its private copy " + copy.string() + " was altered");
}

}  // namespace

// ------------------------------------------------------------ one file's way

void Loader::Core::take(const std::string& file) {
  const PluginFileName name = name_of(file);
  const bool is_another_try = std::exchange(files[file].may_pass, false);
  const auto copy = take_in(options.plugins / file, options.state, options.intake);
  if (!copy) return intake_failed(file, name, copy.error());
  if (copy->is_new) to_sync.push_back(copy->path);
  if (name.is_workflow) return take_workflow(file, name, *copy, is_another_try);
  if (is_known(file, copy->sha256, is_another_try)) return;
  forget_gone(file);
  Entry* found = candidate(file);
  Entry& entry = found ? *found : add(file, name);
  entry.probe = 0;
  entry.is_kept = entry.is_elsewhere = false;
  entry.record.sha256 = copy->sha256;
  entry.record.version = name.version_text;
  enter(entry, PluginState::intake);
  if (const RetiredVersion* version = find_retired(name, copy->sha256)) {
    entry.record.version = version->version;
    enter(entry, PluginState::unloaded, "", kStaysAwayText);
    if (has_asked) look_for_needed();
    return;
  }
  if (!loaded(file).empty()) {
    if (!options.dev)
      return refuse(entry, make_error(Code::plugin_version_immutable,
                                      "version " + name.version_text + " is immutable and is loaded with other bytes; "
                                      "give the new build a new version (tasker dev reloads changed files)"));
    entry.record.version = dev_version(name, copy->sha256);
  }
  load(entry, name, copy->path);
}

void Loader::Core::watch_allow_list() {
  if (!allow_list.is_used()) return;
  allow_timer.expires_after(options.allow_look);
  allow_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (cancelled || self->is_stopping) return;
    self->watch_allow_list();  // first: what follows may throw
    if (self->allow_list.look()) self->on_allow_list_changed();
  });
}

void Loader::Core::on_allow_list_changed() {
  for (const Entry& entry : entries) {
    if (entry.record.state != PluginState::refused || entry.record.code != code_text(Code::plugin_not_allowed)) continue;
    WatchedFile& known = files[entry.file];
    known.may_pass = true;
    settler.note(entry.file, known.seen, Steady::now(), milliseconds(0));
  }
  wait_for_quiet();
  look_for_needed();
}

void Loader::Core::sync_copies() {
  if (syncing || to_sync.empty() || is_stopping) return;
  const auto failed = std::make_shared<std::optional<Error>>();
  const auto sync = [copies = std::exchange(to_sync, {}), failed] {
    for (const fs::path& copy : copies)
      if (auto synced = sync_copy(copy); !synced) *failed = synced.error();
  };
  const auto say = [failed] {
    if (*failed) log_failure(LogLevel::warn, **failed, "private copies of plugins may not outlive a power failure: {}");
  };
  auto call = ApartCall::start(sync, [weak = weak_from_this(), say] {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, say] {
        const auto core = weak.lock();
        if (!core) return;
        core->syncing.reset();
        say();
        core->sync_copies();
      });
  });
  if (call) {
    syncing = std::move(*call);
  } else {  // no thread: others wait for the disk with it
    sync();
    say();
  }
}

void Loader::Core::intake_failed(const std::string& file, const PluginFileName& name, const Error& error) {
  Entry* entry = candidate(file);
  if (error.code == Code::not_found) {
    if (entry) forget(*entry);
    files[file].handled.reset();
    return;
  }
  if (entry && entry->record.state == PluginState::refused && entry->record.reason == error.message) {
    if (error.retry == Retry::later) try_again(file);
    return;
  }
  if (!entry) entry = &add(file, name);
  entry->record.sha256.clear();
  refuse(*entry, error);
}

void Loader::Core::try_again(const std::string& file) {
  WatchedFile& known = files[file];
  known.may_pass = true;
  known.pause = std::clamp(known.pause * 2, kShortestPause, kLongestPause);
  settler.note(file, known.seen, Steady::now(), known.pause);
}

bool Loader::Core::is_known(const std::string& file, const std::string& sha256, bool is_another_try) {
  for (Entry* entry : loaded(file)) {
    if (entry->record.sha256 != sha256) continue;
    entry->is_kept = false;
    entry->comes_back = entry->is_leaving && !is_retired(*entry);
    if (Entry* refused = candidate(file)) forget(*refused);
    if (entry->is_leaving || is_retired(*entry)) return true;
    entry->is_to_drain = false;
    const bool is_newest = entry->sequence == last_sequence_of(file);
    if (entry->record.state == PluginState::draining || (entry->record.state == PluginState::active && !is_newest)) {
      entry->sequence = ++last_sequence;
      enter_and_publish(*entry, PluginState::active);
      let_superseded_drain(file);
    } else if (entry->record.state == PluginState::quarantined && !is_newest) {
      entry->sequence = ++last_sequence;
      let_superseded_drain(file);
    }
    return true;
  }
  const Entry* refused = candidate(file);
  if (refused && refused->probe != 0 && !refused->is_kept && refused->record.sha256 == sha256) return true;
  return !is_another_try && refused && refused->record.state == PluginState::refused && refused->record.sha256 == sha256;
}

std::uint64_t Loader::Core::last_sequence_of(const std::string& file) {
  std::uint64_t last = 0;
  for (const Entry* entry : loaded(file)) last = std::max(last, entry->sequence);
  return last;
}

bool Loader::Core::is_superseded(const Entry& entry) {
  if (!options.dev || entry.is_workflow() || entry.record.version == name_of(entry.file).version_text || entry.sequence == last_sequence_of(entry.file)) return false;
  return !is_pinned(entry);
}

// Whoever edits, builds and copies all day would have each build of the day in memory. What the manifest calls a version stays.
void Loader::Core::let_superseded_drain(const std::string& file) {
  bool drains = false;
  for (Entry* entry : loaded(file)) {
    if (!entry->ids || entry->news || !is_superseded(*entry)) continue;
    if (entry->record.state == PluginState::active)
      enter_and_publish(*entry, PluginState::draining, kSupersededText);
    else if (entry->record.state == PluginState::quarantined)
      entry->is_to_drain = true;
    else
      continue;
    drains = true;
  }
  if (drains) ask_needs_soon();
}

void Loader::Core::load(Entry& entry, const PluginFileName& name, const fs::path& copy) {
  if (const auto may = check_may_execute(options.state); !may) return load_ended(entry, may.error());
  auto request = inspect(entry, name, copy);
  if (!request) return load_ended(entry, request.error());
  if (options.probe) return probe(entry, std::move(*request));
  load_ended(entry, open(entry, *request));
}

Result<LoadRequest> Loader::Core::inspect(Entry& entry, const PluginFileName& name, const fs::path& copy) {
  // In dev mode one file has many builds: its own version is what the list knows.
  const std::string listed = name.namespace_name + "/" + name.name + "@" + name.version_text;
  if (auto allowed = allow_list.check(listed, entry.record.sha256); !allowed) return allowed.error();
  if (auto may_run = check_ban(entry); !may_run) return may_run.error();
  auto report = inspect_file(copy, options.environment);
  if (!report) return report.error();
  if (const auto same = check_identity(name, *report->definition); !same) return same.error();
  entry.definition = definition_as(entry.record.version, report->definition);
  enter(entry, PluginState::inspected);
  // The copy may have been altered since it was taken in.
  if (report->sha256 != entry.record.sha256) return altered(copy);
  LoadRequest request;
  request.file = copy;
  request.entry_bytes = report->entry_bytes;
  request.definition = entry.definition;
  request.source = entry.label();
  auto config = options.config_for ? options.config_for(name.namespace_name, name.name) : Result<std::string>("");
  if (!config) return config.error();
  request.config = config->empty() ? "{}" : std::move(*config);
  request.limits = options.attempts;
  request.attempts = attempts;
  request.init_limit = options.init_limit;
  request.stop = stop.get_token();
  request.sha256 = entry.record.sha256;
  request.environment = options.environment;
  request.on_trouble = [weak = weak_from_this(), key = entry.key](std::string reason) {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, key, reason = std::move(reason)] {
        if (const auto core = weak.lock()) core->note_trouble(key, reason);
      });
  };
  return request;
}

void Loader::Core::probe(Entry& entry, LoadRequest request) {
  enter(entry, PluginState::probing);
  const std::uint64_t number = entry.probe = ++last_probe;
  options.probe(request, [weak = weak_from_this(), key = entry.key, number, request](Result<void> answer) {
    if (const auto self = weak.lock())
      asio::post(self->io, [weak, key, number, request, answer = std::move(answer)] {
        if (const auto core = weak.lock()) core->on_probed(key, number, request, answer);
      });
  });
}

// The file may have gone meanwhile, or have other bytes.
void Loader::Core::on_probed(std::uint64_t key, std::uint64_t number, const LoadRequest& request, const Result<void>& answer) {
  Entry* entry = entry_of(key);
  if (!entry || entry->probe != number || is_stopping) return;
  entry->probe = 0;
  const auto loads = open_probed(*entry, request, answer);
  load_ended(*entry, loads);
  if (loads) return;
  wait_for_quiet();  // it may be tried again
  look_for_needed_at_first();
}

Result<void> Loader::Core::open_probed(Entry& entry, const LoadRequest& request, const Result<void>& answer) {
  if (!answer) return answer;
  const auto hash = hash_file(request.file);
  if (!hash) return hash.error();
  if (*hash != request.sha256) return altered(request.file);
  return open(entry, request);
}

Result<void> Loader::Core::open(Entry& entry, const LoadRequest& request) {
  enter(entry, PluginState::loading);
  auto isolated = options.isolate ? options.isolate(request) : Result<std::shared_ptr<HeldPlugin>>(nullptr);
  if (!isolated) return isolated.error();
  entry.plugin = std::move(*isolated);
  entry.record.is_isolated = entry.plugin != nullptr;
  if (entry.plugin) return {};
  if (const Entry* other = being_unloaded())
    return make_error(Code::plugin_load_failed, "the unloading of plugin " + other->label() + " has not ended, and nothing can be loaded meanwhile", Retry::later);
  if (auto may_run = check_ban(entry); !may_run) return may_run;  // another host that has this state folder may have died of it meanwhile
  auto in_process = request;
  in_process.crash_note = crash_note_of(request.file);
  auto plugin = LoadedPlugin::load(in_process);
  if (!plugin) return plugin.error();
  entry.plugin = std::move(*plugin);
  return {};
}

const Entry* Loader::Core::being_unloaded() {
  for (const Entry& entry : entries)
    if (entry.is_resident && entry.call && !entry.call->wait_until(Steady::now() + kUnloadPatience, stop.get_token())) return &entry;
  return nullptr;
}

void Loader::Core::load_ended(Entry& entry, const Result<void>& loads) {
  if (loads) return publish(entry);
  const Error error = ban_if_crash(entry, loads.error());
  if (entry.is_kept) return kept_failed(entry, error);
  refuse(entry, error);
}

// ------------------------------------------------------------ into the catalogue

void Loader::Core::publish(Entry& entry) {
  catalogue.publish(entry.record, entry.definition.get(),
                    [weak = weak_from_this(), key = entry.key](Result<PublishedIds> answer) {
                      if (const auto self = weak.lock())
                        asio::post(self->io, [weak, key, answer = std::move(answer)] {
                          if (const auto core = weak.lock()) core->on_published(key, answer);
                        });
                    });
}

void Loader::Core::on_published(std::uint64_t key, const Result<PublishedIds>& answer) {
  Entry* found = entry_of(key);
  if (!found || !found->plugin || found->ids || is_stopping) return;
  Entry& entry = *found;
  if (!answer) return publish_failed(entry, answer.error());
  entry.ids = *answer;
  entry.handlers = leased_handlers(entry);
  entry.semver = *Semver::parse(entry.record.version);
  const bool drains = entry.is_kept || is_retired(entry);
  if (!entry.is_kept) entry.sequence = ++last_sequence;
  if (drains)
    enter_soon(entry, PluginState::draining, is_retired(entry) ? kRetiredText : kKeptText);
  else
    enter_soon(entry, PluginState::active, entry.bound_to);
  if (entry.early_trouble) quarantine(entry, *std::exchange(entry.early_trouble, std::nullopt));
  if (const Entry* part = entry.is_workflow() ? quarantined_part_of(entry) : nullptr) quarantine_users(*part);
  if (drains) ask_needs_soon();
}

void Loader::Core::enter_soon(Entry& entry, PluginState state, std::string reason) {
  entry.record.state = state;
  entry.record.since = std::chrono::system_clock::now();
  entry.news = std::move(reason);
  published.push_back(entry.key);
  if (published.size() > 1) return;
  enter_timer.expires_at(std::max(next_enter, Steady::now()));
  enter_timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled && !self->is_stopping) self->enter_published();
  });
}

void Loader::Core::enter_published() {
  const auto keys = std::exchange(published, {});
  const auto start = Steady::now();
  publish_registry();
  const auto end = Steady::now();
  next_enter = end + (end - start) * kPublishShare;
  for (const std::uint64_t key : keys) {
    // What happened to it meanwhile has been said.
    Entry* entry = entry_of(key);
    if (!entry || !entry->news) continue;
    enter(*entry, entry->record.state, "", std::string(*entry->news));
    if (options.dev) let_superseded_drain(std::string(entry->file));
  }
  look_for_needed_at_first();
}

void Loader::Core::publish_failed(Entry& entry, const Error& error) {
  if (entry.is_kept && error.retry == Retry::never) return give_up(entry, error.message);
  if (error.code == Code::plugin_version_immutable && options.dev && entry.is_workflow()) {
    if (const auto source = workflows.find(entry.file); source != workflows.end() && !std::exchange(source->second.is_dev, true)) {
      entry.plugin.reset();
      return bind_soon();
    }
  }
  const bool is_dev_build = entry.is_workflow() || entry.record.version != name_of(entry.file).version_text;
  if (error.code == Code::plugin_version_immutable && options.dev && !is_dev_build) {
    entry.record.version = dev_version(name_of(entry.file), entry.record.sha256);
    entry.definition = definition_as(entry.record.version, entry.definition);
    entry.plugin->rename(entry.label());
    return publish(entry);
  }
  if (error.retry == Retry::never) {
    if (const auto source = workflows.find(entry.file); source != workflows.end()) source->second.refused = entry.record.sha256;
    refuse(entry, error);
    return look_for_needed_at_first();
  }
  entry.pause = entry.pause.count() == 0 ? options.publish_pause : std::min(entry.pause * 2, kLongestPublishPause);
  log_failure(LogLevel::warn, error, "plugin {} waits for the catalogue, next try in {} ms: {}", entry.label(), entry.pause.count());
  entry.record.reason = "it waits for the catalogue: " + error.message;
  book.show(entry.key, entry.record);
  entry.retry = std::make_unique<asio::steady_timer>(io, entry.pause);
  entry.retry->async_wait([self = shared_from_this(), key = entry.key](const boost::system::error_code& cancelled) {
    if (cancelled || self->is_stopping) return;
    if (Entry* waiting = self->entry_of(key)) self->publish(*waiting);
  });
}

}  // namespace tasker::plugin
