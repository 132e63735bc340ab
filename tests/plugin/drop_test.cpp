// How files come in: every way of copying gives one load, and half-written files never reach the dynamic loader.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

#include "loader_fixture.h"

namespace tasker::plugin {
namespace {

using Drop = LoaderTest;

TEST_F(Drop, FilesThatAreThereAlready) {
  drop("echo-1.0.0.so");
  start();
  const auto record = wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(record.sha256.size(), 64u);
  EXPECT_EQ(record.path, (options_.plugins / "test/echo-1.0.0.so").string());
  EXPECT_EQ(run("echo", "", R"({"n": 1})").payload, R"({"n": 1})");
}

TEST_F(Drop, CopiedWhileRunning) {
  folder();
  start();
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
}

TEST_F(Drop, MovedAndRenamedFromADotFileAsRsyncDoes) {
  folder();
  start();
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  test::write_file(dir_.path() / "elsewhere.so", bytes);
  fs::rename(dir_.path() / "elsewhere.so", folder() / "echo-1.0.0.so");
  test::write_file(folder() / ".counter-1.0.0.so.Xa7", test::read_file(fixture("counter-1.0.0.so")));
  fs::rename(folder() / ".counter-1.0.0.so.Xa7", folder() / "counter-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_for("test/counter 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::loading), 1);
}

TEST_F(Drop, HardLinkLoadsAndSymbolicLinkIsRefused) {
  folder();
  start();
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  test::write_file(dir_.path() / "original", bytes);
  ::chmod((dir_.path() / "original").c_str(), 0644);
  fs::create_hard_link(dir_.path() / "original", folder() / "echo-1.0.0.so");
  fs::create_symlink(fixture("counter-1.0.0.so"), folder() / "counter-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_for_refusal("counter", Code::plugin_untrusted_file);
}

TEST_F(Drop, SlowCopyInPiecesIsOneLoadAfterTheLastClose) {
  options_.settle = std::chrono::milliseconds(150);
  drop("counter-1.0.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);  // it watches now
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  const std::size_t piece = bytes.size() / 8 + 1;
  {
    std::ofstream out(folder() / "echo-1.0.0.so", std::ios::binary);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      out << bytes.substr(at, piece) << std::flush;
      // Time passes on purpose: each pause is longer than the quiet time, and only the open file says "not yet".
      std::this_thread::sleep_for(options_.settle * 3 / 2);
    }
    EXPECT_EQ(count("test/echo 1.0.0", PluginState::intake), 0);
  }
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::refused), 0);
}

TEST_F(Drop, TruncatedThenCompleted) {
  folder();
  start();
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  int refusals = 0;
  for (const int percent : {0, 10, 50, 90, 99}) {
    test::write_file(folder() / "echo-1.0.0.so", bytes.substr(0, bytes.size() * percent / 100));
    ++refusals;
    wait_for("a cut at " + std::to_string(percent), [&](const PluginRecord& record) {
      return record.code == "plugin.truncated" && count("test/echo 1.0.0", PluginState::refused) == refusals;
    });
  }
  test::write_file(folder() / "echo-1.0.0.so", bytes);
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(loader_->plugins().size(), 1u) << "the refusals of older bytes are history";
}

TEST_F(Drop, NamespaceFolderFilledAtOnceRenamedAndMadeAgain) {
  folder();
  start();
  const fs::path apart = dir_.path() / "apart";
  fs::create_directory(apart);
  fs::copy_file(fixture("echo-1.0.0.so"), apart / "echo-1.0.0.so");
  fs::rename(apart, options_.plugins / "fresh");
  const auto refused = wait_for_refusal("echo", Code::plugin_path_mismatch);
  EXPECT_EQ(refused.namespace_name, "fresh") << "the template says test";
  fs::rename(options_.plugins / "fresh", options_.plugins / "fresher");
  wait_until_gone("fresh/echo 1.0.0");

  fs::remove_all(folder());
  folder();
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Drop, WhatIsNoPluginIsIgnored) {
  folder();
  for (const char* name : {"foo.so", "foo-1.0.so", "Foo-1.0.0.so", "foo-1.0.0.so.bak", ".foo-1.0.0.so", "flow.yaml"})
    test::write_file(folder() / name, "x");
  fs::create_directory(folder() / "dir-1.0.0.so");
  ASSERT_EQ(::mkfifo((folder() / "fifo-1.0.0.so").c_str(), 0644), 0);
  test::write_file(options_.plugins / "loose-1.0.0.so", "x");
  drop("echo-1.0.0.so");
  std::map<std::string, std::string> told;
  options_.on_ignored = [&told](const std::string& what, const std::string& why) {
    EXPECT_TRUE(told.emplace(what, why).second) << what << " was told twice";
  };
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(loader_->plugins().size(), 1u);
  std::map<std::string, std::string> codes;
  for (const IgnoredFile& odd : loader_->ignored()) codes[odd.file] = odd.code;
  EXPECT_EQ(codes.size(), 8u);
  EXPECT_EQ(codes["test/Foo-1.0.0.so"], "plugin.path_mismatch");
  EXPECT_EQ(codes["test/dir-1.0.0.so"], "plugin.path_mismatch") << "nothing below a namespace is looked at";
  EXPECT_EQ(codes["test/fifo-1.0.0.so"], "plugin.untrusted_file");
  EXPECT_EQ(codes["test/flow.yaml"], "plugin.path_mismatch");
  EXPECT_EQ(codes["loose-1.0.0.so"], "plugin.path_mismatch");

  fs::rename(options_.plugins / "loose-1.0.0.so", dir_.path() / "away");
  fs::rename(folder() / "foo.so", folder() / "foo-1.0.0.so");
  wait_for_refusal("foo", Code::plugin_not_elf);
  fs::remove(folder() / "foo-1.0.0.so");
  wait_until_gone("test/foo 1.0.0");
  EXPECT_EQ(loader_->ignored().size(), 6u) << "what was mended or removed is told no more";
  loader_->stop(std::chrono::seconds(5));
  // All but the dot-file, each with its reason, once.
  EXPECT_EQ(told.size(), 8u);
  EXPECT_NE(told["test/foo.so"].find("no version"), std::string::npos);
  EXPECT_NE(told["test/flow.yaml"].find("no version"), std::string::npos);
  EXPECT_NE(told["loose-1.0.0.so"].find("plugins/<namespace>/"), std::string::npos);
}

TEST_F(Drop, TheWholePluginsFolderReplaced) {
  options_.rescan = std::chrono::milliseconds(100);
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  fs::rename(options_.plugins, dir_.path() / "old");
  wait_for("test/echo 1.0.0", PluginState::draining);
  drop("counter-1.0.0.so");
  drop("echo-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1) << "the same bytes";
}

TEST_F(Drop, DeletedAndCreatedAsCMakeCopiesIsOneLoad) {
  folder();
  start();
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  fs::remove(folder() / "echo-1.0.0.so");
  drop("echo-1.0.0.so");
  drop("counter-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::active);
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 1);
}

TEST_F(Drop, AStateFolderThatIsGoneIsARefusalThatPasses) {
  options_.rescan = std::chrono::milliseconds(100);
  folder();
  start();
  fs::remove(options_.state);
  drop("echo-1.0.0.so");
  wait_for_refusal("echo", Code::plugin_state_dir);
  fs::create_directory(options_.state);
  wait_for("test/echo 1.0.0", PluginState::active);
}

// In a mount namespace of this program's own, so that nobody else sees it and nothing stays.
TEST_F(Drop, AStateFolderThatMayNotExecuteIsARefusalThatPasses) {
  fs::create_directory(options_.state);
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tasker-test", options_.state.c_str(), "tmpfs", MS_NOEXEC, "mode=0700") != 0)
    GTEST_SKIP() << "only root may mount: " << std::strerror(errno);
  drop("echo-1.0.0.so");
  start();
  EXPECT_NE(wait_for_refusal("echo", Code::plugin_state_dir).reason.find("is mounted noexec"), std::string::npos);
  EXPECT_EQ(::mount(nullptr, options_.state.c_str(), nullptr, MS_REMOUNT, nullptr), 0) << std::strerror(errno);
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(run("echo", "").payload, "{}");
  stop();
  EXPECT_EQ(::umount2(options_.state.c_str(), MNT_DETACH), 0) << std::strerror(errno);
}

TEST_F(Drop, TwoHostsShareAStateFolder) {
  drop("echo-1.0.0.so");
  Registry other_registry;
  MemoryCatalogue other_catalogue;
  LoaderOptions other = options_;
  other.on_change = nullptr;
  Loader second(other, other_catalogue, other_registry);
  start();
  ASSERT_TRUE(second.start());
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_for("the other host's", [&](auto&) { return !other_registry.snapshot()->templates.empty(); });
  second.stop(std::chrono::seconds(5));
  EXPECT_EQ(run("echo", "").payload, "{}");
}

TEST_F(Drop, RemovedWhileSettlingIsForgotten) {
  options_.settle = std::chrono::seconds(15);
  folder();
  start();
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::settling);
  fs::remove(folder() / "echo-1.0.0.so");
  wait_until_gone("test/echo 1.0.0");
  EXPECT_TRUE(fs::is_empty(options_.state));
}

TEST_F(Drop, ARefusalForItsModeIsCuredByChmod) {
  folder();
  drop("echo-1.0.0.so");
  ::chmod((folder() / "echo-1.0.0.so").c_str(), 0666);
  start();
  wait_for_refusal("echo", Code::plugin_untrusted_file);
  ::chmod((folder() / "echo-1.0.0.so").c_str(), 0644);
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Drop, ARefusalForAParentIsTriedAgainByTheTimer) {
  options_.rescan = std::chrono::milliseconds(100);
  folder();
  drop("echo-1.0.0.so");
  ::chmod(dir_.path().c_str(), 0777);
  start();
  wait_for_refusal("echo", Code::plugin_untrusted_file);
  ::chmod(dir_.path().c_str(), 0755);
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Drop, ThousandsOfFilesEndInTheSameSet) {
  folder();
  start();
  for (int i = 0; i < 3000; ++i) test::write_file(folder() / ("junk" + std::to_string(i) + "-1.0.0.so"), "junk");
  for (int i = 0; i < 3000; ++i) fs::remove(folder() / ("junk" + std::to_string(i) + "-1.0.0.so"));
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  for (int i = 0; i < 3000; i += 500) wait_until_gone("test/junk" + std::to_string(i) + " 1.0.0");
  EXPECT_EQ(loader_->plugins().size(), 1u);
}

}  // namespace
}  // namespace tasker::plugin
