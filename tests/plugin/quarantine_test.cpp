// What crashed is not run again before an operator says so: versions whose runners crash over and over, and bytes that a database
// remembers. With real runners of a real plugin.
#include <gmock/gmock.h>

#include <atomic>

#include "loader_fixture.h"
#include "plugin/loaded_plugin.h"
#include "runner/runners.h"

namespace tasker::plugin {
namespace {

using testing::HasSubstr;

constexpr const char* kUnruly = "test/unruly 1.0.0";

class Quarantined : public LoaderTest {
 protected:
  Quarantined() {
    runner::RunnersOptions runners;
    runners.program = fs::path(TASKER_BINARY_DIR) / "bin/tasker";
    runners.folder = dir_.path() / "runners";
    runners.limits_for = [](std::string_view, std::string_view name) {
      runner::RunnerLimits limits;
      limits.crashes = 1;
      return name == "unruly" ? std::optional(limits) : std::nullopt;
    };
    runners_ = std::make_unique<runner::Runners>(runners);
    options_.isolate = [this](const LoadRequest& request) { return runners_->isolate(request); };
    options_.rescan = std::chrono::milliseconds(200);
  }
  ~Quarantined() override {
    if (loader_) loader_->stop(std::chrono::seconds(5));
  }

  PluginRecord load() {
    drop("unruly-1.0.0.so");
    return wait_for(kUnruly, PluginState::active);
  }
  engine::LoadedTemplate held() { return registry_.find("test", "unruly", "")->loaded; }
  PluginRecord crash(const engine::LoadedTemplate& loaded) {
    EXPECT_EQ(run(loaded, R"({"how":"exit"})").code, "plugin.crashed");
    return wait_for(kUnruly, PluginState::quarantined);
  }
  void remove_file() { fs::remove(folder() / "unruly-1.0.0.so"); }
  fs::path copy_of(const PluginRecord& record) { return options_.state / (record.sha256 + ".so"); }
  fs::path note_of(const PluginRecord& record) { return copy_of(record).string() + ".crashed"; }
  std::size_t bans() {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.orders.banned.size();
  }
  void wait_for_bans(std::size_t wanted) {
    wait_until("bans", [&] { return bans() == wanted; });
  }
  bool is_offered() { return registry_.find("test", "unruly", "").has_value(); }

  std::unique_ptr<runner::Runners> runners_;
};

TEST_F(Quarantined, AVersionIsHeldAndNotRunUntilAnOperatorSaysSo) {
  start();
  load();
  const auto record = crash(held());
  EXPECT_EQ(record.code, "plugin.quarantined");
  EXPECT_THAT(record.reason, HasSubstr("its runner ended 1 times within 5 minutes, at last by exit with code "));
  EXPECT_THAT(record.reason, HasSubstr("`tasker plugin retry test/unruly@1.0.0`"));
  EXPECT_FALSE(is_offered());
  wait_for_bans(1);
  {
    const std::lock_guard lock(catalogue_.mutex);
    EXPECT_EQ(catalogue_.orders.banned[0].code, "plugin.quarantined");
    EXPECT_EQ(catalogue_.orders.banned[0].sha256, record.sha256);
  }
  drop("unruly-1.0.0.so");  // the same bytes are no order
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count(kUnruly, PluginState::active), 1);
  EXPECT_TRUE(loader_->has_settled());
  forget_events();
  catalogue_.retry(record);
  wait_for_event(kUnruly, PluginState::active);
  EXPECT_EQ(run("unruly", "").kind, model::OutcomeKind::ok);
  crash(held());  // and again: it is no better for having been quarantined once
}

TEST_F(Quarantined, OneWhoseFileGoesLeavesWithItsLastTask) {
  start();
  load();
  crash(held());
  remove_file();
  drop("echo-1.0.0.so");  // the watcher has seen both once this one is there
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_until("a look for its tasks", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.needs_asked > 0;
  });
  EXPECT_EQ(count(kUnruly, PluginState::finishing), 0) << "an open task has it";
  catalogue_.set_open_tasks(kUnruly, 0);
  wait_for(kUnruly, PluginState::unloaded);
  EXPECT_EQ(count(kUnruly, PluginState::draining), 0);
}

TEST_F(Quarantined, OneWithoutItsFileDrainsWhenItIsTriedAgain) {
  start();
  load();
  const auto loaded = held();
  remove_file();
  wait_for(kUnruly, PluginState::draining);
  const auto record = crash(loaded);
  forget_events();
  catalogue_.retry(record);
  EXPECT_THAT(wait_for_event(kUnruly, PluginState::draining).reason, HasSubstr("its file was removed"));
  EXPECT_EQ(run(loaded).kind, model::OutcomeKind::ok) << "the tasks that have it go on";
  EXPECT_EQ(count(kUnruly, PluginState::active), 0);
}

TEST_F(Quarantined, ARetiredOneLeavesAndStaysRefusedWhenItIsTakenBack) {
  catalogue_.set_open_tasks(kUnruly, 0);
  start();
  load();
  const auto record = crash(held());
  catalogue_.retire(record);
  wait_for(kUnruly, PluginState::unloaded);
  catalogue_.resume(record);
  EXPECT_THAT(wait_for_refusal("unruly", Code::plugin_quarantined).reason, HasSubstr("these bytes are not tried again: its runner ended"));
  catalogue_.retry(record);
  wait_for(kUnruly, PluginState::active);
  EXPECT_EQ(run("unruly", "").kind, model::OutcomeKind::ok);
}

TEST_F(Quarantined, OneThatIsStillNeededIsNoLessRetired) {
  start();
  load();
  const auto record = crash(held());
  catalogue_.retire(record);
  wait_until("a look for its tasks", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.needs_asked > 0;
  });
  EXPECT_EQ(wait_for(kUnruly, PluginState::quarantined).code, "plugin.quarantined");
  forget_events();
  catalogue_.retry(record);
  EXPECT_THAT(wait_for_event(kUnruly, PluginState::draining).reason, HasSubstr("an operator retired it"));
}

TEST_F(Quarantined, ARestartDoesNotRunItAgain) {
  start();
  load();
  const auto record = crash(held());
  wait_for_bans(1);
  restart();
  wait_for_refusal("unruly", Code::plugin_quarantined);
  EXPECT_EQ(count(kUnruly, PluginState::loading), 0) << "its code does not run";
  EXPECT_EQ(bans(), 1u);
  catalogue_.retry(record);
  wait_for(kUnruly, PluginState::active);
}

TEST_F(Quarantined, AnOpenTasksVersionComesBackFromItsCopyWhenItIsTriedAgain) {
  start();
  load();
  const auto record = crash(held());
  wait_for_bans(1);
  stop();
  remove_file();
  catalogue_.needed = {{"test", "unruly", "1.0.0", record.sha256, 1, 0}};
  forget_events();
  start();
  EXPECT_THAT(wait_for_event(kUnruly, PluginState::unavailable).reason, HasSubstr("these bytes are not tried again"));
  catalogue_.retry(record);
  wait_for(kUnruly, PluginState::draining);
}

TEST_F(Quarantined, WhatTheDatabaseDidNotHearIsToldAgain) {
  catalogue_.bans_are_away = true;
  start();
  load();
  crash(held());
  EXPECT_EQ(bans(), 0u);
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.bans_are_away = false;
  }
  wait_for_bans(1);
}

// As a host leaves it that died in the plugin's init().
TEST_F(Quarantined, ACrashOfTheHostIsRememberedInTheDatabaseAndItsNoteGoes) {
  drop("echo-1.0.0.so");
  start();
  const auto record = wait_for("test/echo 1.0.0", PluginState::active);
  stop();
  test::write_file(note_of(record), "SIGSEGV in its init()\n");
  catalogue_.bans_are_away = true;
  forget_events();
  start();
  const auto refused = wait_for_refusal("echo", Code::plugin_crashed);
  EXPECT_THAT(refused.reason, HasSubstr("it took its host down: SIGSEGV in its init()"));
  EXPECT_THAT(refused.reason, HasSubstr("`tasker plugin retry test/echo@1.0.0`"));
  EXPECT_TRUE(fs::exists(note_of(record))) << "nobody else knows yet";
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.bans_are_away = false;
  }
  wait_for_bans(1);
  wait_until("the note to go", [&] { return !fs::exists(note_of(record)); });
  restart();
  EXPECT_THAT(wait_for_refusal("echo", Code::plugin_crashed).reason, HasSubstr("it took its host down: SIGSEGV in its init()"));
  catalogue_.retry(record);
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Quarantined, ANoteGoesWithItsCopy) {
  options_.keep_copies = std::chrono::seconds(0);
  start();
  PluginRecord gone;
  gone.sha256 = std::string(64, 'a');
  test::write_file(note_of(gone), "SIGSEGV in its init()\n");
  wait_until("the note to go", [&] { return !fs::exists(note_of(gone)); });
}

TEST_F(Quarantined, WhatWasRefusedForAnotherCauseIsTriedAgainToo) {
  std::atomic<bool> has_secret = false;
  options_.config_for = [&](std::string_view, std::string_view) -> Result<std::string> {
    if (has_secret) return std::string("{}");
    return make_error(Code::plugin_init_failed, "its secret is not there");
  };
  drop("echo-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("echo", Code::plugin_init_failed);
  EXPECT_EQ(bans(), 0u) << "nothing crashed";
  has_secret = true;
  catalogue_.retry(refused);
  wait_for("test/echo 1.0.0", PluginState::active);
  loader_->stop(std::chrono::seconds(5));
}

// Its attempts would be handed back at once, again and again.
TEST_F(Quarantined, AWorkflowThatIsBoundToItWaitsWithIt) {
  test::write_file(folder() / "flow-1.0.0.yaml",
                   "name: flow\nnamespace_name: test\nversion: 1.0.0\nstep_templates:\n  - name: a\n    handler_class: test/unruly@^1#run\n");
  start();
  load();
  const auto flow = wait_for("a bound flow", [](const PluginRecord& record) { return record.name == "flow" && record.state == PluginState::active; });
  crash(held());
  const auto waits = wait_for(label(flow), PluginState::quarantined);
  EXPECT_NE(waits.reason.find("bound to test/unruly 1.0.0, which is quarantined"), std::string::npos) << waits.reason;
  EXPECT_FALSE(registry_.find("test", "flow", "").has_value());
  catalogue_.retry(waits);
  loader_->hear_orders();
  EXPECT_EQ(wait_for(label(flow), PluginState::quarantined).version, flow.version) << "it has no code of its own to be tried";
  catalogue_.retry(wait_for(kUnruly, PluginState::quarantined));
  loader_->hear_orders();
  wait_for(kUnruly, PluginState::active);
  wait_for(label(flow), PluginState::active);
  EXPECT_EQ(run(registry_.find("test", "flow", "")->loaded, "{}").code, "") << "and it runs";
}

}  // namespace
}  // namespace tasker::plugin
