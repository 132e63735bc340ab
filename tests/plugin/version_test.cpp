// Versions side by side, replaced, removed, brought back; and the catalogue that must know them first.
#include <sys/stat.h>

#include <atomic>
#include <fstream>

#include "base/secrets.h"
#include "loader_fixture.h"
#include "support/log_capture.h"

namespace tasker::plugin {
namespace {

using Versions = LoaderTest;

// Other bytes with the same meaning: what is appended lies outside every segment and section.
void append_to(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::app) << text; }

TEST_F(Versions, LiveSideBySideWithStaticsOfTheirOwn) {
  drop("counter-1.0.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  const auto old_version = registry_.find("test", "counter", "")->loaded;
  EXPECT_EQ(run(old_version).payload, R"({"count":1,"version":"1.0.0"})");
  EXPECT_EQ(run(old_version).payload, R"({"count":2,"version":"1.0.0"})");
  drop("counter-1.1.0.so");
  wait_for("test/counter 1.1.0", PluginState::active);
  EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.1.0"})") << "new tasks take the newest";
  EXPECT_EQ(run(old_version).payload, R"({"count":3,"version":"1.0.0"})") << "pinned ones stay";
  EXPECT_EQ(run("counter", "1.0.0").payload, R"({"count":4,"version":"1.0.0"})");
}

TEST_F(Versions, OtherBytesUnderALoadedVersionAreRefused) {
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  append_to(folder() / "echo-1.0.0.so", "changed");
  wait_for_refusal("echo", Code::plugin_version_immutable);
  EXPECT_EQ(loader_->plugins().size(), 2u) << "the loaded one and the refused one";
  EXPECT_EQ(run("echo", "1.0.0").payload, "{}");
  drop("echo-1.0.0.so");
  wait_for("the refusal to end", [&](auto&) { return loader_->plugins().size() == 1; });
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
}

TEST_F(Versions, SameBytesTouchAndChmodAreNothing) {
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  drop("echo-1.0.0.so");
  fs::last_write_time(folder() / "echo-1.0.0.so", fs::file_time_type::clock::now());
  ::chmod((folder() / "echo-1.0.0.so").c_str(), 0600);
  drop("counter-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
  EXPECT_EQ(loader_->plugins().size(), 2u);
}

TEST_F(Versions, InDevModeAChangedFileIsLoadedBesideTheOld) {
  options_.dev = true;
  drop("counter-1.0.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  const auto old_build = registry_.find("test", "counter", "1.0.0")->loaded;
  run(old_build);
  append_to(folder() / "counter-1.0.0.so", "changed");
  const auto record = wait_for("a development build", [](const PluginRecord& r) {
    return r.version.starts_with("1.0.0+dev.") && r.state == PluginState::active;
  });
  EXPECT_EQ(record.version, "1.0.0+dev." + record.sha256.substr(0, 8));
  const auto found = registry_.find("test", "counter", "1.0.0");
  EXPECT_EQ(found->version.text(), record.version);
  EXPECT_EQ(found->loaded.definition->version.text(), record.version);
  EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.0.0"})") << "new tasks take the new build";
  EXPECT_EQ(run(old_build).payload, R"({"count":2,"version":"1.0.0"})") << "pinned ones keep the old bytes";

  drop("counter-1.0.0.so");
  wait_for("the old build to be the newest again",
           [&](auto&) { return registry_.find("test", "counter", "")->version.text() == "1.0.0"; });
}

TEST_F(Versions, InDevModeTheCatalogueMayKnowOtherBytes) {
  options_.dev = true;
  catalogue_.sha256["test/async 1.0.0"] = "other bytes, from before a restart";
  const test::LogCapture log;
  drop("async-1.0.0.so");
  start();
  const auto record = wait_for("a development build", [](const PluginRecord& r) {
    return r.version.starts_with("1.0.0+dev.") && r.state == PluginState::active;
  });
  run("async", "", R"({"mode": "both"})");
  wait_until("its misdeed in the log", [&] { return !log.lines("plugin test/async " + record.version + " misbehaves").empty(); });
}

TEST_F(Versions, ARemovedFileDrainsAndComesBack) {
  drop("counter-1.0.0.so");
  drop("counter-1.1.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for("test/counter 1.1.0", PluginState::active);
  const auto pinned = registry_.find("test", "counter", "1.1.0")->loaded;
  fs::remove(folder() / "counter-1.1.0.so");
  EXPECT_FALSE(wait_for("test/counter 1.1.0", PluginState::draining).reason.empty());
  EXPECT_EQ(registry_.find("test", "counter", "")->version.text(), "1.0.0");
  EXPECT_FALSE(registry_.find("test", "counter", "1.1.0"));
  EXPECT_TRUE(registry_.snapshot()->templates.contains(pinned.template_id)) << "work that has it is still claimed";
  EXPECT_EQ(run(pinned).payload, R"({"count":1,"version":"1.1.0"})");
  drop("counter-1.1.0.so");
  wait_for("test/counter 1.1.0", PluginState::active);
  EXPECT_EQ(run("counter", "").payload, R"({"count":2,"version":"1.1.0"})") << "the same one, still loaded";
}

TEST_F(Versions, WaitsForACatalogueThatIsAway) {
  catalogue_.failures = 3;
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(catalogue_.failures, 0);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
}

TEST_F(Versions, TheCatalogueHearsOfLastingStates) {
  drop("echo-1.0.0.so");
  drop("null_run-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_for_refusal("null_run", Code::plugin_bad_table);
  const std::lock_guard lock(catalogue_.mutex);
  ASSERT_EQ(catalogue_.noted.size(), 2u);
}

TEST_F(Versions, StopLetsPluginsFinishAndNobodyIn) {
  drop("async-1.0.0.so");
  start();
  wait_for("test/async 1.0.0", PluginState::active);
  const auto loaded = registry_.find("test", "async", "")->loaded;
  EXPECT_EQ(run(loaded).kind, model::OutcomeKind::ok);
  loader_->stop(std::chrono::seconds(5));
  loader_->stop(std::chrono::seconds(5));
  EXPECT_TRUE(registry_.snapshot()->templates.empty());
  EXPECT_EQ(run(loaded).code, "host.stopping");
}

TEST_F(Versions, TheConfigurationReachesInit) {
  std::string asked;
  options_.config_for = [&](std::string_view space, std::string_view name) -> Result<std::string> {
    asked = std::string(space) + "/" + std::string(name);
    return std::string("{}");
  };
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(asked, "test/echo");
}

TEST_F(Versions, AConfigurationThatCannotBeHadIsARefusalUntilItCan) {
  hide("sesame-of-the-test");
  std::atomic<bool> is_there{false};
  options_.config_for = [&](std::string_view, std::string_view) -> Result<std::string> {
    if (is_there) return std::string("{}");
    return make_error(Code::plugin_config_unavailable, "no file for sesame-of-the-test", Retry::later);
  };
  drop("echo-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("echo", Code::plugin_config_unavailable);
  EXPECT_EQ(refused.reason, "no file for ***");
  is_there = true;
  wait_for("test/echo 1.0.0", PluginState::active);
}

}  // namespace
}  // namespace tasker::plugin
