// Real plugin files through the contract: a C plugin and C++ ones, versions side by side, and real unloading.
#include <gtest/gtest.h>

#include <optional>

#include "fake_host.h"
#include "plugin_file.h"

namespace {

using abi_test::Attempt;
using abi_test::FakeHost;
using abi_test::Outcome;
using abi_test::PluginFile;
using abi_test::Running;

std::string fixture(const std::string& file) { return std::string(FIXTURE_DIR) + "/test/" + file; }

TEST(Fixture, CPluginAnswersTheContextByteForByte) {
  const PluginFile file(fixture("echo-1.0.0.so"));
  FakeHost host;
  Running running(file.plugin(), host);
  EXPECT_EQ(running.run("run", {.context = "{\"b\" : 1e400}"}).payload, "{\"b\" : 1e400}");
  EXPECT_NE(file.manifest().find("name: echo\n"), std::string::npos);
}

TEST(Fixture, VersionsSideBySideShareNoStatics) {
  const PluginFile older(fixture("counter-1.0.0.so"));
  const PluginFile newer(fixture("counter-1.1.0.so"));
  FakeHost host;
  Running first(older.plugin(), host), second(newer.plugin(), host);
  first.run("run");
  EXPECT_EQ(first.run("run").payload, R"({"count":2,"version":"1.0.0"})");
  EXPECT_EQ(second.run("run").payload, R"({"count":1,"version":"1.1.0"})");
}

TEST(Fixture, SdkPluginReallyLeavesMemory) {
  const std::string path = fixture("checkpoint-1.0.0.so");
  {
    const PluginFile file(path);
    FakeHost host;
    Running running(file.plugin(), host);
    EXPECT_EQ(running.run("run").kind, TASKER_RETRY);
    EXPECT_TRUE(PluginFile::is_mapped(path));
  }
  EXPECT_FALSE(PluginFile::is_mapped(path));
}

TEST(Fixture, CheckpointCarriesWorkOverAttempts) {
  const PluginFile file(fixture("checkpoint-1.0.0.so"));
  FakeHost host;
  Running running(file.plugin(), host);
  Attempt attempt;
  for (attempt.number = 1; attempt.number < 3; ++attempt.number) {
    EXPECT_EQ(running.run("run", attempt).kind, TASKER_RETRY);
    attempt.checkpoint = host.beats.back().checkpoint;
  }
  EXPECT_EQ(running.run("run", attempt).payload, R"({"attempts":3,"done":3})");
  EXPECT_EQ(host.events.size(), 2u);
}

TEST(Fixture, AsyncCompletesFromItsOwnThread) {
  const PluginFile file(fixture("async-1.0.0.so"));
  FakeHost host;
  Running running(file.plugin(), host);
  running.run("run");
  EXPECT_EQ(running.answer, TASKER_PENDING);
  ASSERT_TRUE(host.wait_for_completions(1));
  EXPECT_EQ(host.completions[0].first, 7u);
  EXPECT_EQ(host.completions[0].second.payload, "{\"thread\": \"own\"}");
}

TEST(Fixture, FlakyFailsAsOftenAsAsked) {
  const PluginFile file(fixture("flaky-1.0.0.so"));
  FakeHost host;
  Running running(file.plugin(), host);
  Attempt attempt{.context = R"({"failures": 1, "retry_after_ms": 5})"};
  EXPECT_EQ(running.run("run", attempt).retry_after_ms, 5u);
  attempt.number = 2;
  EXPECT_EQ(running.run("run", attempt).payload, R"({"attempt":2})");
}

TEST(Fixture, InitFailureHasACodeAndASentence) {
  const PluginFile file(fixture("init_fails-1.0.0.so"));
  FakeHost host;
  Running running(file.plugin(), host);
  EXPECT_EQ(running.init_error.code, "ledger.unreadable");
  EXPECT_FALSE(running.init_error.message.empty());
}

TEST(Fixture, TablesToRefuseAreOddAsSaid) {
  EXPECT_EQ(PluginFile(fixture("wrong_abi-1.0.0.so")).plugin().abi_major, 2);
  EXPECT_EQ(PluginFile(fixture("needs_newer_abi-1.0.0.so")).plugin().needs_abi_minor, 99u);
  EXPECT_EQ(PluginFile(fixture("unknown_part-1.0.0.so")).plugin().parts[0]->kind, 99u);
  EXPECT_STREQ(PluginFile(fixture("needs_extension-1.0.0.so")).plugin().needs_extensions[0], "tasker.teleport/1");
  EXPECT_NE(PluginFile(fixture("task_hooks-1.0.0.so")).plugin().task_created, nullptr);
  EXPECT_EQ(PluginFile(fixture("null_run-1.0.0.so")).plugin().handlers[0]->run, nullptr);
}

}  // namespace
