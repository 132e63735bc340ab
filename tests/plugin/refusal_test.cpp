// Every file that must not run is refused with its own code, stays visible, and disturbs nobody.
#include <atomic>

#include <gmock/gmock.h>

#include "loader_fixture.h"
#include "plugin/apart_call.h"

namespace tasker::plugin {
namespace {

struct Refusal {
  std::string name;
  Code code;
};

class Refused : public LoaderTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(Refused, WithItsReason) {
  drop(GetParam().name + "-1.0.0.so");
  drop("echo-1.0.0.so");
  start();
  const auto record = wait_for_refusal(GetParam().name, GetParam().code);
  EXPECT_EQ(record.version, "1.0.0");
  EXPECT_FALSE(registry_.find("test", GetParam().name, "1.0.0"));
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(run("echo", "1.0.0").payload, "{}");
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Refused,
                         ::testing::Values(Refusal{"init_fails", Code::plugin_init_failed},
                                           Refusal{"missing_handler", Code::plugin_handler_missing},
                                           Refusal{"needs_newer_abi", Code::plugin_abi_unsupported},
                                           Refusal{"wrong_abi", Code::plugin_abi_unsupported},
                                           Refusal{"unknown_part", Code::plugin_not_supported_yet},
                                           Refusal{"needs_extension", Code::plugin_abi_unsupported},
                                           Refusal{"null_run", Code::plugin_bad_table},
                                           Refusal{"task_hooks", Code::plugin_not_supported_yet},
                                           Refusal{"extra_symbol", Code::plugin_extra_symbol},
                                           Refusal{"unique_symbol", Code::plugin_unique_symbol}),
                         [](const auto& each) { return each.param.name; });

using Identity = LoaderTest;

// Neither is told to finish what it has not begun, and threads that it left find their code where it was.
TEST_F(Identity, AnInitThatThrowsOrLeavesThreadsBehindIsRefused) {
  for (const char* name : {"init_throws", "init_starts_threads"}) drop(std::string(name) + "-1.0.0.so");
  start();
  EXPECT_EQ(wait_for_refusal("init_throws", Code::plugin_init_failed).reason, "its init() threw: thrown by an init");
  const auto threads = wait_for_refusal("init_starts_threads", Code::plugin_init_failed);
  EXPECT_EQ(threads.reason, "its init() failed: it has started threads and then failed (threads.left)");
  EXPECT_NE(test::read_file("/proc/self/maps").find(threads.sha256), std::string::npos);
  for (const char* name : {"init_throws", "init_starts_threads"}) fs::remove(folder() / (std::string(name) + "-1.0.0.so"));
  wait_until_gone("test/init_throws 1.0.0");
  wait_until_gone("test/init_starts_threads 1.0.0");
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(run("echo", "").payload, "{}");
}

TEST_F(Identity, PathAndManifestMustAgree) {
  drop("echo-1.0.0.so", "echo-1.0.1.so");
  drop("echo-1.0.0.so", "other-1.0.0.so");
  drop("echo-1.0.0.so", "echo-1.0.0.so", "elsewhere");
  start();
  wait_for_refusal("echo", Code::plugin_version_mismatch);
  wait_for_refusal("other", Code::plugin_path_mismatch);
  wait_for_refusal("echo", Code::plugin_path_mismatch);
}

TEST_F(Identity, TwoFilesOfOneVersionAreTwoFilesAndOneIsRefused) {
  drop("echo-1.0.0.so");
  drop("echo-1.0.0.so", "echo-1.0.0+again.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(wait_for_refusal("echo", Code::plugin_version_mismatch).version, "1.0.0+again");
  EXPECT_EQ(run("echo", "").payload, "{}");
}

// Same length, so that nothing moves.
std::string replaced(std::string bytes, std::string_view from, std::string_view to) {
  const auto at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return bytes.replace(at, from.size(), to);
}

TEST_F(Identity, WhatTheDynamicLoaderMissesIsNamed) {
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  test::write_file(folder() / "echo-1.0.0.so", replaced(bytes, std::string_view("\0malloc\0", 8), std::string_view("\0mallox\0", 8)));
  start();
  EXPECT_NE(wait_for_refusal("echo", Code::plugin_load_failed).reason.find("mallox"), std::string::npos);
  test::write_file(folder() / "echo-1.0.0.so", replaced(bytes, "libc.so.6", "libq.so.6"));
  wait_for("the missing library by name", [](const PluginRecord& record) {
    return record.code == "plugin.load_failed" && record.reason.find("libq.so.6") != std::string::npos;
  });
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Identity, TwoHundredPluginsLoad) {
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  for (int i = 0; i < 200; ++i) {
    const std::string name{'e', static_cast<char>('a' + i / 20), static_cast<char>('a' + i % 20), 'o'};
    test::write_file(folder() / (name + "-1.0.0.so"), replaced(bytes, "name: echo", "name: " + name));
  }
  start();
  wait_for("the last one", [&](auto&) { return registry_.snapshot()->templates.size() == 200; });
  EXPECT_EQ(run("eaao", "").payload, "{}");
}

// A new registry for each would cost as much as all together, each time.
TEST_F(Identity, VersionsThatComeTogetherShareRegistries) {
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  for (int i = 0; i < 200; ++i) {
    const std::string name{'e', static_cast<char>('a' + i / 20), 'h', 'o'};
    const std::string version = "1." + std::to_string(i % 20 / 10) + "." + std::to_string(i % 10);
    test::write_file(folder() / (name + "-" + version + ".so"),
                     replaced(replaced(bytes, "name: echo", "name: " + name), "version: 1.0.0", "version: " + version));
  }
  std::atomic<int> registries{0};
  options_.on_registry = [&] { ++registries; };
  start();
  wait_for("the last one", [&](auto&) { return registry_.snapshot()->templates.size() == 200; });
  EXPECT_LT(registries, 50);
  EXPECT_EQ(registry_.find("test", "ejho", "")->version.text(), "1.1.9");
  EXPECT_EQ(run("eaho", "1.0.3").payload, "{}");
}

TEST_F(Identity, AnyOtherFileIsNoPlugin) {
  test::write_file(folder() / "script-1.0.0.so", "#!/bin/sh\nexit 0\n");
  start();
  wait_for_refusal("script", Code::plugin_not_elf);
}

TEST_F(Identity, AnInitThatHangsIsLeftBehind) {
  options_.init_limit = std::chrono::milliseconds(100);
  drop("init_hangs-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("init_hangs", Code::plugin_init_failed);
  EXPECT_THAT(refused.reason, testing::HasSubstr("its init() has not returned within 100 ms (plugins.init_seconds)"));
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
}

TEST_F(Identity, AStopWaitsForNoInit) {
  options_.init_limit = std::chrono::hours(1);
  drop("init_hangs-1.0.0.so");
  start();
  wait_for("test/init_hangs 1.0.0", PluginState::loading);
  loader_->stop(std::chrono::seconds(1));
  EXPECT_TRUE(has_left_calls());
}

TEST_F(Identity, RefusedBytesAreNotTriedAgain) {
  drop("null_run-1.0.0.so");
  start();
  wait_for_refusal("null_run", Code::plugin_bad_table);
  drop("null_run-1.0.0.so");
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/null_run 1.0.0", PluginState::loading), 1);
}

TEST_F(Identity, ARemovedRefusalDisappears) {
  drop("null_run-1.0.0.so");
  start();
  wait_for_refusal("null_run", Code::plugin_bad_table);
  fs::remove(folder() / "null_run-1.0.0.so");
  wait_until_gone("test/null_run 1.0.0");
}

TEST_F(Identity, TheCatalogueMayRefuseToo) {
  catalogue_.sha256["test/echo 1.0.0"] = "other bytes, from before a restart";
  drop("echo-1.0.0.so");
  start();
  wait_for_refusal("echo", Code::plugin_version_immutable);
}

}  // namespace
}  // namespace tasker::plugin
