#include "loader_fixture.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace tasker::plugin {
namespace {

constexpr std::chrono::seconds kDeadline{20};

}  // namespace

std::string label(const PluginRecord& record) {
  return record.namespace_name + "/" + record.name + " " + record.version;
}

// Of workflows without code: one text for all that a version is bound to.
bool MemoryCatalogue::has_that_text(const PluginRecord& record, const model::TaskTemplate& definition) {
  const auto mark = record.version.find("bound.");
  if (mark == std::string::npos) return true;
  const std::string base = record.namespace_name + "/" + record.name + " " + record.version.substr(0, mark - 1);
  return texts.emplace(base, definition.digest).first->second == definition.digest;
}

void MemoryCatalogue::publish(const PluginRecord& record, const model::TaskTemplate* definition,
                              std::function<void(Result<PublishedIds>)> done) {
  Result<PublishedIds> answer = make_error(Code::database_unavailable, "the database is away", Retry::later);
  {
    const std::lock_guard lock(mutex);
    if (failures > 0) {
      --failures;
    } else if (const auto [at, is_new] = sha256.emplace(label(record), record.sha256);
               (!is_new && at->second != record.sha256) || !has_that_text(record, *definition)) {
      answer = make_error(Code::plugin_version_immutable, "the catalogue has it with other bytes");
    } else {
      const int id = static_cast<int>(std::distance(sha256.begin(), at)) + static_cast<int>(sha256.size()) * 1000;
      answer = PublishedIds{PluginId{id}, TemplateId{id}};
      labels[TemplateId{id}] = label(record);
    }
  }
  done(answer);
}

void MemoryCatalogue::note_state(const PluginRecord& record) {
  const std::lock_guard lock(mutex);
  noted.push_back(record);
}

void MemoryCatalogue::find_needed(std::function<void(Result<std::vector<NeededVersion>>)> done) {
  std::vector<NeededVersion> answer;
  {
    const std::lock_guard lock(mutex);
    ++asked;
    answer = needed;
  }
  done(std::move(answer));
}

void MemoryCatalogue::find_needs(const std::vector<TemplateId>& templates,
                                 std::function<void(Result<std::vector<VersionNeed>>)> done) {
  std::vector<VersionNeed> needs;
  {
    const std::lock_guard lock(mutex);
    ++needs_asked;
    if (holds_needs) {
      for (const TemplateId id : templates) needs.push_back({id, 0, 0, ""});
      held_needs.push_back([needs = std::move(needs), done = std::move(done)] { done(needs); });
      return;
    }
    for (const TemplateId id : templates) {
      const auto known = open_tasks.find(labels.at(id));
      needs.push_back({id, known == open_tasks.end() ? 1 : known->second, 64, ""});
    }
  }
  done(std::move(needs));
}

void MemoryCatalogue::find_orders(std::int64_t seen, std::function<void(Result<std::optional<PluginOrders>>)> done) {
  Result<std::optional<PluginOrders>> answer = std::optional<PluginOrders>();
  {
    const std::lock_guard lock(mutex);
    if (orders_are_away)
      answer = make_error(Code::database_unavailable, "the database is away", Retry::later);
    else if (orders.revision != seen) {
      PluginOrders now = orders;
      for (const auto& [revision, of] : retries)
        if (seen >= 0 && revision > seen) now.retried.push_back({of.namespace_name, of.name, of.version, of.sha256});
      answer = std::optional(std::move(now));
    }
  }
  done(std::move(answer));
}

void MemoryCatalogue::ban(const BannedBytes& bytes, std::function<void(Result<void>)> done) {
  {
    const std::lock_guard lock(mutex);
    if (bans_are_away) return done(make_error(Code::database_unavailable, "the database is away", Retry::later));
    const bool is_out_of_date = std::any_of(retries.begin(), retries.end(), [&](const auto& each) {
      return each.second.sha256 == bytes.sha256 && each.first > bytes.seen;
    });
    if (!is_out_of_date) {
      ++orders.revision;
      orders.banned.push_back(bytes);
      orders.banned.back().reason = "these bytes are not tried again: " + bytes.reason;
    }
  }
  done({});
}

void MemoryCatalogue::retry(const PluginRecord& record) {
  const std::lock_guard lock(mutex);
  ++orders.revision;
  std::erase_if(orders.banned, [&](const BannedBytes& each) { return each.sha256 == record.sha256; });
  retries.push_back({orders.revision, {record.namespace_name, record.name, record.version, record.sha256}});
}

void MemoryCatalogue::retire(const PluginRecord& record) {
  const std::lock_guard lock(mutex);
  ++orders.revision;
  orders.retired.push_back({record.namespace_name, record.name, record.version, record.sha256});
}

void MemoryCatalogue::resume(const PluginRecord& record) {
  const std::lock_guard lock(mutex);
  ++orders.revision;
  std::erase_if(orders.retired, [&](const RetiredVersion& each) { return each.name == record.name && each.version == record.version; });
}

void MemoryCatalogue::pin(const std::string& name, const std::string& version) {
  const std::lock_guard lock(mutex);
  ++orders.revision;
  std::erase_if(orders.defaults, [&](const PinnedDefault& each) { return each.name == name; });
  if (!version.empty()) orders.defaults.push_back({"test", name, version});
}

void MemoryCatalogue::set_open_tasks(const std::string& version, std::int64_t tasks) {
  const std::lock_guard lock(mutex);
  open_tasks[version] = tasks;
}

LoaderTest::LoaderTest() {
  ::chmod(dir_.path().c_str(), 0755);
  options_.plugins = dir_.path() / "plugins";
  options_.state = dir_.path() / "state";
  options_.settle = std::chrono::milliseconds(60);
  options_.publish_pause = std::chrono::milliseconds(10);
  options_.drain_look = std::chrono::milliseconds(20);
  options_.orders_look = std::chrono::milliseconds(20);
  options_.rescan = std::chrono::milliseconds(30'000);
  options_.on_change = [this](const PluginRecord& record) {
    const std::lock_guard lock(mutex_);
    events_.push_back(record);
    ++changes_;
    changed_.notify_all();
  };
}

LoaderTest::~LoaderTest() {
  if (loader_) loader_->stop(std::chrono::seconds(5));
}

void LoaderTest::start() {
  loader_ = std::make_unique<Loader>(options_, catalogue_, registry_);
  const auto started = loader_->start();
  ASSERT_TRUE(started) << started.error().message;
}

void LoaderTest::stop() { loader_->stop(std::chrono::seconds(5)); }

void LoaderTest::restart() {
  stop();
  {
    const std::lock_guard lock(mutex_);
    events_.clear();
  }
  start();
}

fs::path LoaderTest::fixture(const std::string& file, const std::string& space) {
  return fs::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins" / space / file;
}

fs::path LoaderTest::folder(const std::string& space) {
  const fs::path path = options_.plugins / space;
  fs::create_directories(path);
  return path;
}

void LoaderTest::drop(const std::string& file, const std::string& as, const std::string& space, const std::string& from) {
  test::write_file(folder(space) / (as.empty() ? file : as), test::read_file(fixture(file, from)));
}

void LoaderTest::wait_until(const std::string& what, const std::function<bool()>& is_true) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::uint64_t seen = changes_;
    lock.unlock();
    if (is_true()) return;
    lock.lock();
    // Some changes of the listing come without an event; the listing is asked again now and then.
    changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return changes_ != seen; });
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  lock.unlock();
  std::string listing;
  for (const auto& record : loader_->plugins())
    listing += "\n  " + label(record) + " " + std::string(plugin_state_text(record.state)) + " " + record.code + " " + record.reason;
  FAIL() << "waited in vain for " << what << "; there is:" << listing;
}

PluginRecord LoaderTest::wait_for(const std::string& what, const std::function<bool(const PluginRecord&)>& fits) {
  PluginRecord found;
  wait_until(what, [&] {
    for (const auto& record : loader_->plugins())
      if (fits(record)) return found = record, true;
    return false;
  });
  return found;
}

PluginRecord LoaderTest::wait_for(const std::string& wanted, PluginState state) {
  return wait_for(wanted + " " + std::string(plugin_state_text(state)),
                  [&](const PluginRecord& record) { return label(record) == wanted && record.state == state; });
}

PluginRecord LoaderTest::wait_for_refusal(const std::string& name, Code code) {
  return wait_for(name + " refused as " + std::string(code_text(code)), [&](const PluginRecord& record) {
    return record.name == name && record.state == PluginState::refused && record.code == code_text(code) &&
           !record.reason.empty();
  });
}

PluginRecord LoaderTest::wait_for_event(const std::string& wanted, PluginState state) {
  PluginRecord found;
  wait_until(wanted + " " + std::string(plugin_state_text(state)), [&] {
    const std::lock_guard lock(mutex_);
    for (const PluginRecord& event : events_)
      if (label(event) == wanted && event.state == state) return found = event, true;
    return false;
  });
  return found;
}

void LoaderTest::wait_until_gone(const std::string& gone) {
  wait_until(gone + " to be gone", [&] {
    const auto records = loader_->plugins();
    return std::none_of(records.begin(), records.end(), [&](auto& record) { return label(record) == gone; });
  });
}

void LoaderTest::forget_events() {
  const std::scoped_lock lock(mutex_, catalogue_.mutex);
  events_.clear();
  catalogue_.noted.clear();
}

int LoaderTest::count(const std::string& wanted, PluginState state) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(events_.begin(), events_.end(), [&](const PluginRecord& record) {
    return label(record) == wanted && record.state == state;
  }));
}

engine::AttemptOutcome LoaderTest::run(const engine::LoadedTemplate& loaded, const std::string& context) {
  engine::AttemptInput input;
  input.fence.step = {TaskId{1}, 1};
  input.task_id = "1";
  input.idempotency_key = "1-1";
  input.context = std::make_shared<const std::string>(context);
  input.stop = std::make_shared<std::atomic<std::uint32_t>>(0);
  input.definition = loaded.definition;
  input.step = &loaded.definition->step(1);
  std::promise<engine::AttemptOutcome> promise;
  auto outcome = promise.get_future();
  loaded.handlers.at(0)->run(input, [&](engine::AttemptOutcome answer) { promise.set_value(std::move(answer)); });
  if (outcome.wait_for(kDeadline) == std::future_status::ready) return outcome.get();
  ADD_FAILURE() << "the handler never answered";
  std::abort();  // the promise must not be left behind
}

engine::AttemptOutcome LoaderTest::run(const std::string& name, const std::string& version, const std::string& context) {
  const auto found = registry_.find("test", name, version);
  if (found) return run(found->loaded, context);
  ADD_FAILURE() << found.error().message;
  return {};
}

}  // namespace tasker::plugin
