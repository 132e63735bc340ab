#include "plugin/loader.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>

#include "base/log.h"
#include "plugin/invoke.h"
#include "plugin/loaded_plugin.h"
#include "plugin/manifest.h"
#include "plugin/settler.h"
#include "plugin/watcher.h"

namespace tasker::plugin {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A file that somebody still has open for writing gets more time: until it is closed, or this often the quiet time.
constexpr int kOpenFilePatience = 10;
constexpr milliseconds kLongestPublishPause{30'000};
constexpr const char* kDrainingText =
    "its file was removed: new tasks do not choose it, tasks that have it go on; it stays in memory until the host "
    "stops, because unloading at run time is not yet supported";

std::string dev_version(const PluginFileName& name, const std::string& sha256) {
  return name.version_text + (name.version.build.empty() ? "+dev." : ".dev.") + sha256.substr(0, 8);
}

// How far one file's bytes have come. A path may have several: a loaded one and a refused successor.
struct Entry {
  std::uint64_t key = 0;
  PluginRecord record;
  std::string file;  // "<namespace>/<file>"
  std::shared_ptr<LoadedPlugin> plugin;
  std::shared_ptr<const model::TaskTemplate> definition;
  std::optional<PublishedIds> ids;
  std::vector<std::shared_ptr<engine::Handler>> handlers;
  std::uint64_t sequence = 0;
  milliseconds pause{0};
  std::unique_ptr<asio::steady_timer> retry;

  std::string label() const { return record.namespace_name + "/" + record.name + " " + record.version; }
};

struct WatchedFile {
  FileStamp seen;
  std::optional<FileStamp> handled;  // what take() last looked at
  bool may_pass = false;             // refused for something that may mend itself: tried at every periodic look
};

}  // namespace

struct Loader::Core : std::enable_shared_from_this<Loader::Core> {
  Core(LoaderOptions o, Catalogue& c, Registry& r)
      : options(std::move(o)), catalogue(c), registry(r), settle_timer(io) {}

  // Constant after construction.
  const LoaderOptions options;
  Catalogue& catalogue;
  Registry& registry;
  const std::shared_ptr<AttemptTable> attempts = std::make_shared<AttemptTable>();

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  std::thread thread;

  // On the loader's thread.
  std::unique_ptr<Watcher> watcher;
  asio::steady_timer settle_timer;
  Settler settler;
  std::map<std::string, WatchedFile> files;
  std::list<Entry> entries;
  std::uint64_t last_key = 0, last_sequence = 0;
  bool is_stopping = false;

  mutable std::mutex mutex;  // guards all below
  std::map<std::uint64_t, PluginRecord> visible;
  bool has_looked = false;  // into the folder, for the first time

  // ------------------------------------------------------------ records

  void show(const Entry& entry) {
    const std::lock_guard lock(mutex);
    visible[entry.key] = entry.record;
  }

  void enter(Entry& entry, PluginState state, std::string code = "", std::string reason = "") {
    const auto before = entry.record.state;
    entry.record.state = state;
    entry.record.code = std::move(code);
    entry.record.reason = std::move(reason);
    entry.record.since = std::chrono::system_clock::now();
    if (state >= PluginState::active) catalogue.note_state(entry.record);
    show(entry);
    const auto text = plugin_state_text(state);
    if (state == PluginState::refused)
      log_warn("plugin {} is refused: {} ({})", entry.label(), entry.record.reason, entry.record.code);
    else if (state == PluginState::active || state == PluginState::draining)
      log_info("plugin {} is {}{}{}", entry.label(), text, entry.record.reason.empty() ? "" : ": ", entry.record.reason);
    else
      log_debug("plugin {}: {} -> {}", entry.label(), plugin_state_text(before), text);
    if (options.on_change) options.on_change(entry.record);
  }

  void refuse(Entry& entry, const Error& error) {
    if (entry.plugin) entry.plugin->retire(Steady::now() + std::chrono::seconds(1));
    entry.plugin.reset();
    files[entry.file].may_pass = error.retry == Retry::later;
    drop_copy(entry);
    enter(entry, PluginState::refused, std::string(code_text(error.code)), error.message);
  }

  fs::path copy_of(const Entry& entry) const { return options.state / (entry.record.sha256 + ".so"); }

  void drop_copy(const Entry& entry) {
    if (entry.record.sha256.empty()) return;
    const bool in_use = std::any_of(entries.begin(), entries.end(), [&](const Entry& other) {
      return other.plugin && other.record.sha256 == entry.record.sha256;
    });
    std::error_code ignored;
    if (!in_use) fs::remove(copy_of(entry), ignored);
  }

  // The entry of this file that is not loaded: still settling, or refused.
  Entry* candidate(const std::string& file) {
    for (Entry& entry : entries)
      if (entry.file == file && !entry.plugin) return &entry;
    return nullptr;
  }
  std::vector<Entry*> loaded(const std::string& file) {
    std::vector<Entry*> found;
    for (Entry& entry : entries)
      if (entry.file == file && entry.plugin) found.push_back(&entry);
    return found;
  }

  Entry& add(const std::string& file, const PluginFileName& name) {
    Entry& entry = entries.emplace_back();
    entry.key = ++last_key;
    entry.file = file;
    entry.record.namespace_name = name.namespace_name;
    entry.record.name = name.name;
    entry.record.version = name.version_text;
    entry.record.path = (options.plugins / file).string();
    return entry;
  }

  void forget(Entry& gone) {
    log_debug("plugin {}: its file is gone", gone.label());
    {
      const std::lock_guard lock(mutex);
      visible.erase(gone.key);
    }
    entries.remove_if([key = gone.key](const Entry& entry) { return entry.key == key; });
  }

  void publish_registry() {
    std::vector<RegistryEntry> usable;
    for (const Entry& entry : entries) {
      if (!entry.ids) continue;
      usable.push_back({entry.record.namespace_name, entry.record.name, *Semver::parse(entry.record.version),
                        entry.sequence, entry.record.state != PluginState::draining,
                        {entry.ids->template_id, entry.ids->plugin, entry.definition, entry.handlers}});
    }
    registry.publish(std::move(usable));
  }

  static PluginFileName name_of(const std::string& file) {
    const auto slash = file.find('/');
    // The watcher hands on nothing that does not parse.
    return *parse_file_name(file.substr(0, slash), file.substr(slash + 1));
  }

  // ------------------------------------------------------------ files come and go

  void on_look(const Look& look) {
    for (const auto& [what, why] : look.new_to_ignore) {
      log_info("plugins folder: {} is ignored: {}", what, why);
      if (options.on_ignored) options.on_ignored(what, why);
    }
    for (const auto& [file, seen] : look.files) {
      WatchedFile& known = files[file];
      known.seen = seen.stamp;
      const bool again = look.is_periodic && known.may_pass;
      if (known.handled == seen.stamp && !again) continue;
      settle(file, seen);
    }
    std::vector<std::string> gone;
    for (const auto& [file, known] : files)
      if (!look.files.contains(file)) gone.push_back(file);
    for (const std::string& file : gone) on_gone(file);
    wait_for_quiet();
    const std::lock_guard lock(mutex);
    has_looked = true;
  }

  void settle(const std::string& file, const SeenFile& seen) {
    if (!candidate(file) && loaded(file).empty()) enter(add(file, name_of(file)), PluginState::settling);
    // A file that was already old when it appeared has been quiet before we came.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto age = std::chrono::duration_cast<milliseconds>(now - std::chrono::nanoseconds(seen.stamp.modified_ns));
    const auto quiet = seen.is_being_written ? options.settle * kOpenFilePatience : options.settle;
    settler.note(file, seen.stamp, Steady::now() - std::clamp(age, milliseconds(0), options.settle), quiet);
  }

  void wait_for_quiet() {
    const auto next = settler.next();
    if (!next || is_stopping) return;
    settle_timer.expires_at(*next);
    settle_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->is_stopping) self->take_quiet();
    });
  }

  void take_quiet() {
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
    wait_for_quiet();
  }

  void on_gone(const std::string& file) {
    settler.forget(file);
    files.erase(file);
    while (Entry* entry = candidate(file)) forget(*entry);
    for (Entry* entry : loaded(file)) {
      if (!entry->ids) {
        entry->plugin->retire(Steady::now());
        forget(*entry);
      } else if (entry->record.state == PluginState::active) {
        enter_and_publish(*entry, PluginState::draining, kDrainingText);
      }
    }
  }

  // The registry first: who hears of the state finds it true.
  void enter_and_publish(Entry& entry, PluginState state, std::string reason = "") {
    entry.record.state = state;
    publish_registry();
    enter(entry, state, "", std::move(reason));
  }

  // ------------------------------------------------------------ one file's way

  void take(const std::string& file) {
    const PluginFileName name = name_of(file);
    files[file].may_pass = false;
    const auto copy = take_in(options.plugins / file, options.state, options.intake);
    if (!copy) return intake_failed(file, name, copy.error());
    if (is_known(file, copy->sha256)) return;
    Entry* found = candidate(file);
    Entry& entry = found ? *found : add(file, name);
    entry.record.sha256 = copy->sha256;
    entry.record.version = name.version_text;
    enter(entry, PluginState::intake);
    if (!loaded(file).empty()) {
      if (!options.dev)
        return refuse(entry, make_error(Code::plugin_version_immutable,
                                        "version " + name.version_text + " is immutable and is loaded with other bytes; "
                                        "give the new build a new version (tasker dev reloads changed files)"));
      entry.record.version = dev_version(name, copy->sha256);
    }
    load(entry, name, copy->path);
  }

  void intake_failed(const std::string& file, const PluginFileName& name, const Error& error) {
    Entry* entry = candidate(file);
    if (error.code == Code::not_found) {
      if (entry) forget(*entry);
      return;
    }
    files[file].may_pass = error.retry == Retry::later;
    if (entry && entry->record.state == PluginState::refused && entry->record.reason == error.message) return;
    if (!entry) entry = &add(file, name);
    entry->record.sha256.clear();
    refuse(*entry, error);
  }

  // The same bytes again, after a touch, a copy or a removal that was taken back.
  bool is_known(const std::string& file, const std::string& sha256) {
    for (Entry* entry : loaded(file)) {
      if (entry->record.sha256 != sha256) continue;
      if (Entry* refused = candidate(file)) forget(*refused);
      const bool is_newest = entry->sequence == last_sequence_of(file);
      if (entry->record.state == PluginState::draining || (entry->record.state == PluginState::active && !is_newest)) {
        entry->sequence = ++last_sequence;
        enter_and_publish(*entry, PluginState::active);
      }
      return true;
    }
    const Entry* refused = candidate(file);
    if (!refused || refused->record.state != PluginState::refused || refused->record.sha256 != sha256) return false;
    drop_copy(*refused);
    return true;
  }

  std::uint64_t last_sequence_of(const std::string& file) {
    std::uint64_t last = 0;
    for (const Entry* entry : loaded(file)) last = std::max(last, entry->sequence);
    return last;
  }

  void load(Entry& entry, const PluginFileName& name, const fs::path& copy) {
    auto report = inspect_file(copy, options.environment);
    if (!report) return refuse(entry, report.error());
    if (const auto same = check_identity(name, *report->definition); !same) return refuse(entry, same.error());
    entry.definition = definition_as(entry.record.version, report->definition);
    enter(entry, PluginState::inspected);

    enter(entry, PluginState::loading);
    // The copy may have been altered since it was taken in.
    if (report->sha256 != entry.record.sha256)
      return refuse(entry, make_error(Code::plugin_untrusted_file, "its private copy " + copy.string() + " was altered"));
    LoadRequest request;
    request.file = copy;
    request.entry_bytes = report->entry_bytes;
    request.definition = entry.definition;
    request.source = entry.label();
    if (options.config_for) request.config = options.config_for(name.namespace_name, name.name);
    if (request.config.empty()) request.config = "{}";
    request.limits = options.attempts;
    request.attempts = attempts;
    auto plugin = LoadedPlugin::load(request);
    if (!plugin) return refuse(entry, plugin.error());
    entry.plugin = std::move(*plugin);
    publish(entry);
  }

  // A development build is a version of its own, in the catalogue too.
  static std::shared_ptr<const model::TaskTemplate> definition_as(
      const std::string& version, const std::shared_ptr<const model::TaskTemplate>& definition) {
    const Semver wanted = *Semver::parse(version);
    if (definition->version.identical(wanted)) return definition;
    auto changed = std::make_shared<model::TaskTemplate>(*definition);
    changed->version = wanted;
    return changed;
  }

  // ------------------------------------------------------------ into the catalogue

  void publish(Entry& entry) {
    catalogue.publish(entry.record, entry.definition.get(),
                      [weak = weak_from_this(), key = entry.key](Result<PublishedIds> answer) {
                        if (const auto self = weak.lock())
                          asio::post(self->io, [weak, key, answer = std::move(answer)] {
                            if (const auto core = weak.lock()) core->on_published(key, answer);
                          });
                      });
  }

  void on_published(std::uint64_t key, const Result<PublishedIds>& answer) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
    if (found == entries.end() || !found->plugin || found->ids || is_stopping) return;
    Entry& entry = *found;
    if (!answer) return publish_failed(entry, answer.error());
    entry.ids = *answer;
    entry.handlers = make_handlers(entry.plugin);
    entry.sequence = ++last_sequence;
    enter_and_publish(entry, PluginState::active);
  }

  void publish_failed(Entry& entry, const Error& error) {
    const bool is_dev_build = entry.record.version != name_of(entry.file).version_text;
    if (error.code == Code::plugin_version_immutable && options.dev && !is_dev_build) {
      entry.record.version = dev_version(name_of(entry.file), entry.record.sha256);
      entry.definition = definition_as(entry.record.version, entry.definition);
      return publish(entry);
    }
    if (error.retry == Retry::never) return refuse(entry, error);
    entry.pause = entry.pause.count() == 0 ? options.publish_pause : std::min(entry.pause * 2, kLongestPublishPause);
    log_warn("plugin {} waits for the catalogue, next try in {} ms: {}", entry.label(), entry.pause.count(), error.message);
    entry.record.reason = "it waits for the catalogue: " + error.message;
    show(entry);
    entry.retry = std::make_unique<asio::steady_timer>(io, entry.pause);
    entry.retry->async_wait([self = shared_from_this(), key = entry.key](const boost::system::error_code& cancelled) {
      if (cancelled || self->is_stopping) return;
      for (Entry& waiting : self->entries)
        if (waiting.key == key) self->publish(waiting);
    });
  }

  // ------------------------------------------------------------ life

  Result<void> prepare() {
    std::error_code failed;
    fs::create_directories(options.plugins, failed);
    if (failed || !fs::is_directory(options.plugins))
      return make_error(Code::plugin_unreadable, "cannot make or open the plugins folder " + options.plugins.string());
    return prepare_state_dir(options.state);
  }

  void run() {
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception& failure) {
        log_error("plugin loader: {}; it goes on with the next file", failure.what());
      }
    }
  }

  void finish(milliseconds grace) {
    is_stopping = true;
    watcher->stop();
    settle_timer.cancel();
    registry.publish({});
    const auto deadline = Steady::now() + grace;
    for (Entry& entry : entries) {
      entry.retry.reset();
      if (entry.plugin) entry.plugin->retire(deadline);
    }
    // The io_context runs dry by itself: every handler that waits has been cancelled and must let go of us.
    work.reset();
  }
};

Loader::Loader(LoaderOptions options, Catalogue& catalogue, Registry& registry)
    : core_(std::make_shared<Core>(std::move(options), catalogue, registry)) {}

Loader::~Loader() { stop(std::chrono::seconds(1)); }

Result<void> Loader::start() {
  if (auto prepared = core_->prepare(); !prepared) return prepared;
  if (::geteuid() == 0) log_warn("plugins run as root here: run tasker as a user of its own");
  core_->watcher = std::make_unique<Watcher>(core_->io, core_->options.plugins, core_->options.rescan,
                                             [core = core_.get()](const Look& look) { core->on_look(look); });
  if (auto watching = core_->watcher->start(); !watching) return watching;
  core_->thread = std::thread([core = core_] { core->run(); });
  return {};
}

void Loader::stop(milliseconds grace) {
  if (!core_->thread.joinable()) return;
  asio::post(core_->io, [core = core_, grace] { core->finish(grace); });
  core_->thread.join();
}

bool Loader::has_settled() const {
  const std::lock_guard lock(core_->mutex);
  return core_->has_looked && std::none_of(core_->visible.begin(), core_->visible.end(), [](const auto& entry) {
    return entry.second.state < PluginState::active;
  });
}

std::vector<PluginRecord> Loader::plugins() const {
  std::vector<PluginRecord> records;
  {
    const std::lock_guard lock(core_->mutex);
    for (const auto& [key, record] : core_->visible) records.push_back(record);
  }
  std::stable_sort(records.begin(), records.end(), [](const PluginRecord& a, const PluginRecord& b) {
    return std::tie(a.namespace_name, a.name) < std::tie(b.namespace_name, b.name);
  });
  return records;
}

}  // namespace tasker::plugin
