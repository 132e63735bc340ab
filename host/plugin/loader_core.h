// What the loader is inside, for the files that together are it: loader.cpp (files come and go, start and stop),
// loader_file.cpp (one file's way into the registry), loader_needed.cpp (versions that only open tasks have),
// loader_leave.cpp (versions that nothing needs any more), loader_orders.cpp (what operators decided), loader_bans.cpp (what crashed
// is not run again), loader_workflows.cpp (workflows without code). Not for anybody else. All of it runs on the loader's thread, but
// what RecordBook shows.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/semver.h"
#include "plugin/allow_list.h"
#include "plugin/apart_call.h"
#include "plugin/bound_workflow.h"
#include "plugin/file_name.h"
#include "plugin/loaded_plugin.h"
#include "plugin/loader.h"
#include "plugin/record_book.h"
#include "plugin/settler.h"
#include "plugin/watcher.h"

namespace tasker::plugin {

// How far one file's bytes have come. A path may have several: a loaded one and a refused successor.
struct Entry {
  std::uint64_t key = 0;
  std::uint64_t probe = 0;  // the one whose answer counts; 0: none is under way
  PluginRecord record;
  std::string file;  // "<namespace>/<file>"
  std::shared_ptr<HeldPlugin> plugin;
  std::shared_ptr<const model::TaskTemplate> definition;
  std::optional<PublishedIds> ids;
  std::vector<std::shared_ptr<engine::Handler>> handlers;
  std::uint64_t sequence = 0;
  Semver semver;                   // of record.version, read when it was published
  std::optional<std::string> news;  // published, its state not yet entered: the reason that goes with it
  bool is_kept = false;  // loaded from its private copy, without a file in the folder
  bool is_to_drain = false;   // quarantined, and without that it would drain
  std::optional<std::string> early_trouble;  // why it is quarantined as soon as it is published
  bool is_elsewhere = false;  // kept, and another living host has it too
  std::chrono::milliseconds pause{0};
  std::unique_ptr<boost::asio::steady_timer> retry;

  // While it drains, or is quarantined: since when, by a clock that nobody sets, and the question whose answer counts for it (0: none yet).
  std::optional<std::chrono::steady_clock::time_point> drains_from;
  std::uint64_t asked_by = 0;

  // Of a workflow without code: what it is made of.
  std::string source_sha256;      // of the YAML as it was dropped; record.sha256 is that of the bound text
  std::vector<Binding> bindings;  // of each step
  std::string bound_to;           // the same for people

  // Once no open task has it: out of the registry, on its way out of the process.
  bool is_leaving = false;
  bool is_released = false;  // nobody holds a handler of it any more
  bool comes_back = false;   // its file is there again: loaded anew when this one has gone
  bool drains() const {
    return !is_leaving && (record.state == PluginState::draining || (record.state == PluginState::quarantined && is_to_drain));
  }
  bool is_gone() const { return record.state == PluginState::unloaded || record.state == PluginState::resident; }
  std::shared_ptr<bool> is_resident;  // what closing it found
  std::unique_ptr<ApartCall> call;  // into the plugin, under way
  std::string no_thread;            // why it is not, though it should be; empty: it is, or need not
  std::uint64_t retry_number = 0;   // of `retry`; an older one counts no more
  std::unique_ptr<boost::asio::steady_timer> watch;
  std::uint64_t watch_number = 0;   // one that fell due and was replaced before it was heard counts no more

  bool is_workflow() const { return file.ends_with(".yaml"); }
  std::string plugin_name() const { return record.namespace_name + "/" + record.name; }
  std::string label() const { return plugin_name() + " " + record.version; }
};

// A workflow's file as it lies in the folder, sound but perhaps not bound.
struct WorkflowSource {
  std::string text;
  std::string sha256;
  std::shared_ptr<const model::TaskTemplate> definition;
  bool is_dev = false;  // another text than the one that had its version first
  std::string refused, stays_away;  // the bound text's hash: what has been said of it is not said again
};

struct WatchedFile {
  FileStamp seen;
  std::optional<FileStamp> handled;  // what take() last looked at
  bool may_pass = false;             // refused for something that may mend itself: tried again and again
  std::chrono::milliseconds pause{0};  // before the next try
};

// A needed version that cannot be had, as it was told.
struct Unavailable {
  std::string why;
  bool is_final = false;  // its copy was tried; it is not run again and again
  bool is_left = false;   // to other hosts that have the version: told only when they are gone
};

using std::chrono::milliseconds;

// Why a version drains.
inline constexpr const char* kDrainingText =
    "its file was removed: new tasks do not choose it, tasks that have it go on; it is unloaded when no open task has it";
inline constexpr const char* kSupersededText =
    "a newer build of its file was loaded: new tasks do not choose it, tasks that have it go on; it is unloaded when no open task has it";
inline constexpr const char* kStaysAwayText = "an operator retired it: its file is not loaded";
inline constexpr const char* kRetiredText =
    "an operator retired it: new tasks do not choose it, tasks that have it go on; it is unloaded when no open task has it";
inline constexpr const char* kKeptText =
    "its file was overwritten or removed; it was loaded from its private copy for the open tasks that have it";

struct Loader::Core : std::enable_shared_from_this<Loader::Core> {
  Core(LoaderOptions o, Catalogue& c, Registry& r)
      : options(std::move(o)), catalogue(c), registry(r), settle_timer(io), needed_timer(io), needs_timer(io), resident_timer(io),
        enter_timer(io), allow_timer(io), allow_list(options.allow_list), orders_timer(io), bind_timer(io) {}

  // Constant after construction.
  const LoaderOptions options;
  Catalogue& catalogue;
  Registry& registry;
  const std::shared_ptr<AttemptTable> attempts = std::make_shared<AttemptTable>();

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work = boost::asio::make_work_guard(io);
  std::stop_source stop;  // asked for before the loader's thread hears of it, which may be waiting for a plugin
  std::promise<void> has_run_out;
  std::thread thread;

  // On the loader's thread.
  std::unique_ptr<Watcher> watcher;
  boost::asio::steady_timer settle_timer, needed_timer;
  Settler settler;
  std::map<std::string, WatchedFile> files;
  std::list<Entry> entries;
  std::unordered_map<std::string, std::vector<Entry*>> by_file;  // of `entries`, from the oldest to the newest
  std::unordered_map<std::uint64_t, Entry*> by_key;              // likewise
  std::vector<std::uint64_t> published;                            // those with news
  std::chrono::steady_clock::time_point next_enter;                // not before
  std::uint64_t last_key = 0, last_sequence = 0, last_probe = 0;
  bool is_stopping = false;
  boost::asio::steady_timer needs_timer, resident_timer, enter_timer, allow_timer;
  AllowList allow_list;
  std::chrono::milliseconds needs_pause{0};
  bool is_asking_needs = false;
  std::uint64_t last_question = 0;  // of needs
  bool has_asked = false, is_asking = false, has_checked_configuration = false;
  std::map<std::string, Unavailable> unavailable;  // by label

  boost::asio::steady_timer orders_timer;
  bool is_asking_orders = false, ask_orders_again = false;
  std::optional<PluginOrders> orders;  // nothing is taken in before they are known
  std::map<std::string, RetiredVersion> retired;  // by name and hash

  std::map<std::string, BannedBytes> bans;     // by hash: what the database knows, and what it is yet to know
  std::map<std::string, BannedBytes> new_bans;  // those that it has not confirmed
  std::map<std::string, BannedBytes> bans_on_their_way;
  std::map<std::string, WorkflowSource> workflows;  // by file
  boost::asio::steady_timer bind_timer;
  bool binds_soon = false;

  RecordBook book;
  std::vector<std::filesystem::path> to_sync;  // new copies
  std::unique_ptr<ApartCall> syncing;

  // ------------------------------------------------------------ records

  void enter(Entry& entry, PluginState state, std::string code = "", std::string reason = "");
  void refuse(Entry& entry, const Error& error);
  std::filesystem::path copy_of(const Entry& entry) const {
    return options.state / (entry.record.sha256 + (entry.is_workflow() ? ".yaml" : ".so"));
  }
  // The entry of this file that is not loaded and never was: still settling, or refused.
  Entry* candidate(const std::string& file);
  std::vector<Entry*> loaded(const std::string& file);
  Entry& add(const std::string& file, const PluginFileName& name);
  void forget(Entry& gone);
  void publish_registry();
  static PluginFileName name_of(const std::string& file);

  // ------------------------------------------------------------ files come and go

  void on_look(const Look& look);
  void settle(const std::string& file, const SeenFile& seen);
  void wait_for_quiet();
  void take_quiet();
  void on_gone(const std::string& file);
  // The registry first: who hears of the state finds it true.
  void enter_and_publish(Entry& entry, PluginState state, std::string reason = "");

  // ------------------------------------------------------------ one file's way

  void take(const std::string& file);
  // What was refused for the allow-list is tried again when that has changed.
  void watch_allow_list();
  void on_allow_list_changed();
  void intake_failed(const std::string& file, const PluginFileName& name, const Error& error);
  // The same bytes again, after a touch, a copy or a removal that was taken back.
  bool is_known(const std::string& file, const std::string& sha256, bool is_another_try);
  std::uint64_t last_sequence_of(const std::string& file);
  // A development build with a newer one beside it, which no pinned default names.
  bool is_superseded(const Entry& entry);
  void let_superseded_drain(const std::string& file);
  void try_again(const std::string& file);
  // New copies are brought to the disk while others are taken in already.
  void sync_copies();
  // Ends in load_ended, now or after the probe. The entry may be gone afterwards.
  void load(Entry& entry, const PluginFileName& name, const std::filesystem::path& copy);
  Result<LoadRequest> inspect(Entry& entry, const PluginFileName& name, const std::filesystem::path& copy);
  void probe(Entry& entry, LoadRequest request);
  void on_probed(std::uint64_t key, std::uint64_t number, const LoadRequest& request, const Result<void>& answer);
  Result<void> open_probed(Entry& entry, const LoadRequest& request, const Result<void>& answer);
  Result<void> open(Entry& entry, const LoadRequest& request);
  void load_ended(Entry& entry, const Result<void>& loads);
  // The C library opens and looks up nothing while it unloads, and a destructor there may hang.
  const Entry* being_unloaded();

  // ------------------------------------------------------------ into the catalogue

  void publish(Entry& entry);
  void on_published(std::uint64_t key, const Result<PublishedIds>& answer);
  // Enters the state soon, together with others that are published by then: a new registry costs as much as there are
  // versions in it. The entry has the state at once.
  void enter_soon(Entry& entry, PluginState state, std::string reason = "");
  void enter_published();
  void publish_failed(Entry& entry, const Error& error);

  // ------------------------------------------------------------ versions that only open tasks have

  // The first time once all that lies in the folder has been taken in; then with every periodic look.
  void look_for_needed_at_first();
  void look_for_needed();
  void on_needed(const Result<std::vector<NeededVersion>>& answer);
  bool is_loaded(const std::string& label) const;
  void load_kept(const std::string& label, const NeededVersion& needed);
  void kept_failed(Entry& entry, const Error& error);
  void look_for_needed_soon();
  void give_up(Entry& entry, const std::string& why);
  void say_unavailable(const NeededVersion& needed, std::string why, bool is_final);
  // A section for a plugin that is not there is most often a misspelt one.
  void check_configuration();

  // ------------------------------------------------------------ what operators decided

  void look_for_orders();
  void on_orders(const Result<std::optional<PluginOrders>>& answer);
  void carry_out(const PluginOrders& now);
  bool is_retired(const Entry& entry) const;
  bool is_workflow_retired(const std::string& namespace_name, const std::string& name, const std::string& version) const;
  bool is_pinned(const Entry& entry) const;  // as the default of new tasks
  const RetiredVersion* find_retired(const PluginFileName& name, const std::string& sha256) const;
  void resume(const RetiredVersion& version);

  // ------------------------------------------------------------ what crashed is not run again

  // A loaded plugin's runners crashed over and over.
  void note_trouble(std::uint64_t key, const std::string& reason);
  void quarantine(Entry& entry, const std::string& reason);
  void end_quarantine(Entry& entry);
  void leave_quarantine(Entry& entry);
  // Whether these bytes may be tried; what an earlier crash of this host left beside their copy is remembered from then on.
  Result<void> check_ban(const Entry& entry);
  // The same error, with what to do, when the bytes are to blame: they are remembered then.
  Error ban_if_crash(const Entry& entry, const Error& error);
  void remember(const Entry& entry, Code code, const std::string& what);
  void tell_bans();
  void on_ban_told(const std::string& sha256, const Result<void>& answer);
  void take_bans(const std::vector<BannedBytes>& known);
  void forget_ban(const std::string& sha256);
  void try_again(const RetriedVersion& version);

  // ------------------------------------------------------------ workflows without code

  struct Parts {  // of each step, in their order
    std::vector<Binding> bindings;
    std::vector<std::shared_ptr<engine::Handler>> handlers;
  };
  void take_workflow(const std::string& file, const PluginFileName& name, const PrivateCopy& copy, bool is_another_try);
  Result<std::pair<std::string, std::shared_ptr<const model::TaskTemplate>>> read_workflow(const PluginFileName& name, const PrivateCopy& copy);
  // Whenever plugins or workflows have come or gone.
  void bind_soon();
  void bind_workflows();
  struct PartIndex {
    std::vector<Entry*> entries;
    std::unique_ptr<VersionIndex> versions;
  };
  PartIndex index_parts();
  void bind(const std::string& file, WorkflowSource& source, const PartIndex& there);
  void unbind(const std::string& file, const WorkflowSource& source, const Error& error);
  void hold(Entry& entry, Parts parts);
  void drain_others(const Entry& current);
  Entry& unbound(const std::string& file, const PluginFileName& name);
  Result<Parts> find_parts(const model::TaskTemplate& definition, const PartIndex& there);
  Result<Parts> find_same_parts(const Entry& kept);
  bool is_a_plugin_on_its_way() const;
  void load_kept_workflow(const NeededVersion& needed);
  std::vector<Binding> parts_of(const NeededVersion& needed) const;
  void bind_kept(Entry& entry);
  void quarantine_users(const Entry& part);
  Entry* quarantined_part_of(const Entry& workflow);  // nullptr: none is
  bool uses(const Entry& workflow, const Entry& part) const;
  // A workflow that is made of this version; nullptr: none is.
  const Entry* user_of(const Entry& part) const;

  // ------------------------------------------------------------ versions leave

  std::vector<std::shared_ptr<engine::Handler>> leased_handlers(const Entry& entry);
  Entry* entry_of(std::uint64_t key);
  // Asks after a while whether open tasks have what drains, and again, less and less often, until nothing drains.
  void ask_needs_soon();
  void ask_needs();
  void find_needs();
  void on_needs(std::uint64_t question, const Result<std::vector<VersionNeed>>& answer);
  void say_need(Entry& entry, const VersionNeed& need);
  void say_user(Entry& entry, const Entry& user);
  void let_go(Entry& entry, std::string why);
  void on_released(std::uint64_t key);
  // The next step out, when the one before has been done and nobody is inside.
  void go_on_leaving(Entry& entry);
  void call_apart(Entry& entry, std::function<void(HeldPlugin&)> step, void (Core::*then)(Entry&));
  void call_apart_later(Entry& entry, std::function<void(HeldPlugin&)> step, void (Core::*then)(Entry&), const Error& error);
  void on_finished(Entry& entry);
  void on_closed(Entry& entry);
  void watch_over(Entry& entry, milliseconds limit, void (Core::*then)(Entry&));
  void ask_to_end(Entry& entry);
  void call_it_stuck(Entry& entry);
  void stop_watch(Entry& entry);
  void forget_gone(const std::string& file);
  void forget_old();
  void look_at_residents();

  // ------------------------------------------------------------ life

  Result<void> prepare();
  void run();
  void finish(std::chrono::milliseconds grace);
  void end_all(std::chrono::steady_clock::time_point deadline);
};

}  // namespace tasker::plugin
