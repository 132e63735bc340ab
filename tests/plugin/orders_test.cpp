// What operators decide about versions, as a host carries it out: retired ones drain and stay away, also after a restart; taken back
// they are there again; a pinned default goes into the registry.
#include "loader_fixture.h"

namespace tasker::plugin {
namespace {

class Orders : public LoaderTest {
 protected:
  Orders() { options_.rescan = std::chrono::milliseconds(200); }
  PluginRecord load(const std::string& file, const std::string& label) {
    drop(file);
    return wait_for(label, PluginState::active);
  }
  std::string chosen(const std::string& version = "") {
    const auto found = registry_.choose("test", "counter", version);
    return found ? (*found)->text : std::string(code_text(found.error().code));
  }
  int needs_asked() {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.needs_asked;
  }
  void wait_for_choice(const std::string& wanted, const std::string& version = "") {
    wait_until("the registry to choose " + wanted, [&] { return chosen(version) == wanted; });
  }
};

TEST_F(Orders, ARetiredVersionThatNothingNeedsIsUnloaded) {
  catalogue_.set_open_tasks("test/counter 1.0.0", 0);
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  catalogue_.retire(active);
  const auto drains = wait_for_event("test/counter 1.0.0", PluginState::draining);
  EXPECT_EQ(drains.reason, "an operator retired it: new tasks do not choose it, tasks that have it go on; it is unloaded when no open task has it");
  wait_for("test/counter 1.0.0", PluginState::unloaded);
  EXPECT_EQ(chosen(), "namespace.unknown");
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::refused), 0);
}

TEST_F(Orders, ARetiredVersionGoesOnForItsOpenTasksAndComesBack) {
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  const auto loaded = registry_.find("test", "counter", "")->loaded;
  catalogue_.retire(active);
  wait_for("the need to be told", [](const PluginRecord& record) {
    return record.state == PluginState::draining &&
           record.reason == "an operator retired it; it goes on for the open tasks that have it: 1, the oldest is task 64";
  });
  EXPECT_EQ(chosen(), "handler.version_unknown");
  EXPECT_EQ(run(loaded).kind, model::OutcomeKind::ok);
  drop("counter-1.0.0.so");  // the same bytes are no order
  const int seen = needs_asked();
  wait_until("further looks", [&] { return needs_asked() > seen + 1; });
  EXPECT_EQ(chosen(), "handler.version_unknown");
  catalogue_.resume(active);
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for_choice("1.0.0");
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::finishing), 0) << "it was never taken out";
}

TEST_F(Orders, AnUnloadedVersionIsLoadedFromItsFileWhenItIsTakenBack) {
  catalogue_.set_open_tasks("test/counter 1.0.0", 0);
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  catalogue_.retire(active);
  wait_for("test/counter 1.0.0", PluginState::unloaded);
  forget_events();
  catalogue_.resume(active);
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for_choice("1.0.0");
  EXPECT_EQ(run("counter", "").kind, model::OutcomeKind::ok);
}

TEST_F(Orders, ARestartKeepsARetiredVersionAwayFromTheFirstMoment) {
  catalogue_.set_open_tasks("test/counter 1.0.0", 0);
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  catalogue_.retire(active);
  wait_for("test/counter 1.0.0", PluginState::unloaded);
  restart();
  const auto away = wait_for("test/counter 1.0.0", PluginState::unloaded);
  EXPECT_EQ(away.reason, "an operator retired it: its file is not loaded");
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::loading), 0) << "its code does not run";
  wait_until("the folder to be taken in", [&] { return loader_->has_settled(); });
  catalogue_.resume(active);
  wait_for("test/counter 1.0.0", PluginState::active);
}

TEST_F(Orders, ARestartLoadsARetiredVersionForTheOpenTasksThatHaveIt) {
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  catalogue_.retire(active);
  wait_for("test/counter 1.0.0", PluginState::draining);
  stop();
  catalogue_.needed = {{"test", "counter", "1.0.0", active.sha256, 1, 0}};
  forget_events();
  start();
  wait_for("test/counter 1.0.0", PluginState::draining);
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::active), 0);
  EXPECT_EQ(chosen(), "handler.version_unknown");
  catalogue_.resume(active);
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for_choice("1.0.0");
}

TEST_F(Orders, AResumedVersionWithoutItsFileGoesOnDraining) {
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  catalogue_.retire(active);
  wait_for("test/counter 1.0.0", PluginState::draining);
  fs::remove(folder() / "counter-1.0.0.so");
  // The watcher has seen it once another file, dropped behind it, is there.
  load("echo-1.0.0.so", "test/echo 1.0.0");
  catalogue_.resume(active);
  wait_for("the reason to change", [](const PluginRecord& record) {
    return record.state == PluginState::draining && record.reason.starts_with("its file was removed");
  });
  EXPECT_EQ(chosen(), "handler.version_unknown");
  load("counter-1.0.0.so", "test/counter 1.0.0");
}

TEST_F(Orders, APinnedDefaultIsChosenAndNoOtherInItsPlace) {
  start();
  load("counter-1.0.0.so", "test/counter 1.0.0");
  load("counter-1.1.0.so", "test/counter 1.1.0");
  EXPECT_EQ(chosen(), "1.1.0");
  catalogue_.pin("counter", "1.0.0");
  wait_for_choice("1.0.0");
  EXPECT_EQ(chosen("^1.0"), "1.0.0") << "a range takes it when it is in it";
  EXPECT_EQ(chosen("1.1.0"), "1.1.0") << "who names a version means it";
  EXPECT_EQ(chosen(">=1.1.0"), "1.1.0");
  fs::remove(folder() / "counter-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::draining);
  EXPECT_EQ(chosen(), "handler.default_unavailable");
  EXPECT_EQ(chosen("^1.0"), "handler.default_unavailable");
  catalogue_.pin("counter", "");
  wait_for_choice("1.1.0");
}

TEST_F(Orders, NothingIsTakenInBeforeTheyAreKnown) {
  catalogue_.orders_are_away = true;
  drop("counter-1.0.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::settling);
  EXPECT_FALSE(loader_->has_settled());
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.orders_are_away = false;
  }
  wait_for("test/counter 1.0.0", PluginState::active);
}

}  // namespace
}  // namespace tasker::plugin
