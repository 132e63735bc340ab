// Versions that only open tasks have: they come back from their private copies, or it is said why they do not; and what can
// be judged only when the folder has been taken in.
#include <sys/stat.h>

#include <fstream>

#include "loader_fixture.h"

namespace tasker::plugin {
namespace {

class Needed : public LoaderTest {
 protected:
  Needed() {
    options_.dev = true;
    options_.keep_copies = std::chrono::seconds(0);
  }
  // Other bytes with the same meaning; answers the version of the new build.
  PluginRecord overwrite(const std::string& file, const std::string& with) {
    const auto before = loader_->plugins();
    std::ofstream(folder() / file, std::ios::app) << with;
    return wait_for("a new build", [&](const PluginRecord& record) {
      return record.state == PluginState::active && std::none_of(before.begin(), before.end(), [&](auto& old) {
        return old.sha256 == record.sha256;
      });
    });
  }
  // Of init_fails 1.0.0, whose file is gone, as a host that ran it leaves it behind. The loader is stopped.
  PluginRecord leave_a_copy_that_does_not_load() {
    const std::string bytes = test::read_file(fixture("init_fails-1.0.0.so"));
    drop("init_fails-1.0.0.so");
    start();
    auto refused = wait_for_refusal("init_fails", Code::plugin_init_failed);
    stop();
    fs::remove(folder() / "init_fails-1.0.0.so");
    fs::remove(copy_of(refused));  // it may still be mapped
    test::write_file(copy_of(refused), bytes);
    return refused;
  }
  void need(const PluginRecord& record, std::int64_t hosts = 0) {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.needed.push_back({record.namespace_name, record.name, record.version, record.sha256, 3, hosts});
  }
  fs::path copy_of(const PluginRecord& record) { return options_.state / (record.sha256 + ".so"); }
  std::size_t copies() { return static_cast<std::size_t>(std::distance(fs::directory_iterator(options_.state), {})); }
  void wait_until_asked() {
    wait_until("the question", [&] {
      const std::lock_guard lock(catalogue_.mutex);
      return catalogue_.asked > 0;
    });
  }
};

TEST_F(Needed, AnOverwrittenBuildComesBackFromItsCopyAfterARestart) {
  drop("counter-1.0.0.so");
  start();
  const auto first = wait_for("test/counter 1.0.0", PluginState::active);
  const auto second = overwrite("counter-1.0.0.so", "second");
  const auto third = overwrite("counter-1.0.0.so", "third");
  ASSERT_TRUE(second.version.starts_with("1.0.0+dev.")) << second.version;
  need(first);
  need(second);
  restart();
  wait_for(third.version, [&](auto& record) { return record.version == third.version && record.state == PluginState::active; });
  for (const auto& old : {first, second}) {
    const auto back = wait_for(label(old), PluginState::draining);
    EXPECT_EQ(back.sha256, old.sha256);
    EXPECT_NE(back.reason.find("private copy"), std::string::npos) << back.reason;
  }
  EXPECT_EQ(registry_.find("test", "counter", "")->version.text(), third.version) << "new tasks take what lies in the folder";
  EXPECT_EQ(registry_.snapshot()->templates.size(), 3u) << "and work of the old ones is claimed";
  for (const auto& entry : registry_.entries())
    EXPECT_EQ(run(entry.loaded).payload, R"({"count":1,"version":"1.0.0"})") << entry.version.text();
}

TEST_F(Needed, WhatComesBackIntoTheFolderIsChosenAgain) {
  options_.dev = false;
  drop("counter-1.0.0.so");
  drop("counter-1.1.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  need(wait_for("test/counter 1.1.0", PluginState::active));
  stop();
  fs::remove(folder() / "counter-1.1.0.so");
  restart();
  wait_for("test/counter 1.1.0", PluginState::draining);
  EXPECT_EQ(registry_.find("test", "counter", "")->version.text(), "1.0.0");
  drop("counter-1.1.0.so");
  wait_for("test/counter 1.1.0", PluginState::active);
  EXPECT_EQ(registry_.find("test", "counter", "")->version.text(), "1.1.0");
  EXPECT_EQ(count("test/counter 1.1.0", PluginState::loading), 1);
}

TEST_F(Needed, WithoutACopyItIsSaidOnceWhy) {
  options_.rescan = std::chrono::milliseconds(30);
  PluginRecord lost{"test", "echo", "1.0.0", std::string(64, 'a'), PluginState::active, "", "", "", {}};
  need(lost);
  PluginRecord elsewhere = lost;
  elsewhere.version = "2.0.0";
  need(elsewhere, 1);
  folder();
  start();
  const auto said = wait_for_event("test/echo 1.0.0", PluginState::unavailable);
  EXPECT_EQ(said.code, "plugin.not_loaded");
  EXPECT_NE(said.reason.find("no copy"), std::string::npos) << said.reason;
  wait_until("more looks", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.asked > 3;
  });
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::unavailable), 1);
  EXPECT_EQ(count("test/echo 2.0.0", PluginState::unavailable), 0) << "another host has it";
  const std::lock_guard lock(catalogue_.mutex);
  ASSERT_EQ(catalogue_.noted.size(), 1u);
  EXPECT_EQ(catalogue_.noted[0].state, PluginState::unavailable);
}

TEST_F(Needed, ARefusedFileOfThatVersionIsNamed) {
  drop("echo-1.0.0.so");
  ::chmod((folder() / "echo-1.0.0.so").c_str(), 0666);
  need({"test", "echo", "1.0.0", std::string(64, 'a'), PluginState::active, "", "", "", {}});
  start();
  const auto said = wait_for_event("test/echo 1.0.0", PluginState::unavailable);
  EXPECT_NE(said.reason.find("plugin.untrusted_file"), std::string::npos) << said.reason;
}

TEST_F(Needed, AnAlteredCopyIsNotLoaded) {
  drop("echo-1.0.0.so");
  start();
  const auto first = wait_for("test/echo 1.0.0", PluginState::active);
  stop();
  fs::remove(folder() / "echo-1.0.0.so");
  ::chmod(copy_of(first).c_str(), 0700);
  std::ofstream(copy_of(first), std::ios::app) << "altered";
  need(first);
  need({"test", "odd", "1.0.0", "../../../etc/passwd", PluginState::active, "", "", "", {}});
  restart();
  EXPECT_NE(wait_for_event("test/echo 1.0.0", PluginState::unavailable).reason.find("altered"), std::string::npos);
  EXPECT_NE(wait_for_event("test/odd 1.0.0", PluginState::unavailable).reason.find("no hash"), std::string::npos);
  EXPECT_TRUE(registry_.snapshot()->templates.empty());
}

TEST_F(Needed, ACopyThatDoesNotLoadIsToldOnlyWhenNoOtherHostHasTheVersion) {
  options_.rescan = std::chrono::milliseconds(30);
  const auto refused = leave_a_copy_that_does_not_load();
  need(refused, 1);
  restart();
  wait_until("looks after the try", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.asked > 3;
  });
  EXPECT_EQ(count("test/init_fails 1.0.0", PluginState::unavailable), 0);
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.needed.back().hosts = 0;
  }
  EXPECT_NE(wait_for_event("test/init_fails 1.0.0", PluginState::unavailable).reason.find("cannot be used"), std::string::npos);
}

TEST_F(Needed, ACopyThatDoesNotLoadIsTriedOnce) {
  options_.rescan = std::chrono::milliseconds(30);
  const auto refused = leave_a_copy_that_does_not_load();
  need(refused);
  restart();
  EXPECT_NE(wait_for_event("test/init_fails 1.0.0", PluginState::unavailable).reason.find("cannot be used"), std::string::npos);
  const int asked = catalogue_.asked;
  wait_until("more looks", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.asked > asked + 3;
  });
  EXPECT_EQ(count("test/init_fails 1.0.0", PluginState::loading), 1);
  EXPECT_TRUE(loader_->plugins().empty());
}

TEST_F(Needed, CopiesThatNothingNeedsAreRemoved) {
  drop("counter-1.0.0.so");
  start();
  const auto first = wait_for("test/counter 1.0.0", PluginState::active);
  const auto second = overwrite("counter-1.0.0.so", "second");
  const auto third = overwrite("counter-1.0.0.so", "third");
  EXPECT_EQ(copies(), 3u);
  test::write_file(options_.state / "intake.1.1.tmp", "left behind by a killed host");
  test::write_file(options_.state / "not-ours.txt", "kept");
  need(second);
  restart();
  wait_for(label(second), PluginState::draining);
  wait_until("the unneeded copies to go", [&] { return !fs::exists(copy_of(first)) && copies() == 3; });
  EXPECT_TRUE(fs::exists(copy_of(second)) && fs::exists(copy_of(third)));
  EXPECT_TRUE(fs::exists(options_.state / "not-ours.txt"));
}

TEST_F(Needed, YoungCopiesStayForAHostThatSharesTheFolder) {
  options_.keep_copies = std::chrono::seconds(600);
  drop("echo-1.0.0.so");
  start();
  const auto first = wait_for("test/echo 1.0.0", PluginState::active);
  stop();
  fs::remove(folder() / "echo-1.0.0.so");
  catalogue_.asked = 0;
  restart();
  wait_until_asked();
  stop();
  EXPECT_TRUE(fs::exists(copy_of(first)));
}

TEST_F(Needed, AConfigurationForAPluginThatNeverCameIsWarnedOfOnce) {
  options_.rescan = std::chrono::milliseconds(30);
  std::vector<std::string> warnings;
  options_.on_warning = [&](const std::string& sentence) { warnings.push_back(sentence); };
  options_.configured = {"test/ehco", "test/echo", "far/away", "test/null_run"};
  drop("echo-1.0.0.so");
  drop("null_run-1.0.0.so");
  start();
  wait_until("three looks", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.asked > 3;
  });
  stop();
  ASSERT_EQ(warnings.size(), 2u) << "loaded and refused plugins have come";
  EXPECT_NE(warnings[0].find("test/ehco"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[0].find("did you mean test/echo?"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("far/away"), std::string::npos) << warnings[1];
  EXPECT_EQ(warnings[1].find("did you mean"), std::string::npos) << warnings[1];
}

}  // namespace
}  // namespace tasker::plugin
