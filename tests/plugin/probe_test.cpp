// A library is opened in a process of its own before it is opened here: what kills that process is a refusal.
#include <gmock/gmock.h>

#include <atomic>
#include <mutex>

#include "loader_fixture.h"
#include "plugin/loaded_plugin.h"
#include "runner/prober.h"

namespace tasker::plugin {
namespace {

using testing::HasSubstr;

class Probed : public LoaderTest {
 protected:
  Probed() {
    probing_.program = fs::path(TASKER_BINARY_DIR) / "bin/tasker";
    probing_.known = dir_.path() / "probed";
    options_.probe = [this](const LoadRequest& request, auto done) {
      if (!prober_) prober_ = std::make_unique<runner::Prober>(probing_);
      prober_->probe(request, std::move(done));
    };
  }
  ~Probed() override {
    if (loader_) loader_->stop(std::chrono::seconds(5));
  }

  runner::ProberOptions probing_;
  std::unique_ptr<runner::Prober> prober_;
};

TEST_F(Probed, WhatCrashesIsRefusedAndTheRestLoads) {
  for (const char* name : {"at_load_segv", "at_load_abort", "at_load_exit", "at_load_print", "echo", "null_run"}) drop(std::string(name) + "-1.0.0.so");
  start();
  EXPECT_THAT(wait_for_refusal("at_load_segv", Code::plugin_crashed).reason, HasSubstr("SIGSEGV"));
  EXPECT_THAT(wait_for_refusal("at_load_abort", Code::plugin_crashed).reason, HasSubstr("SIGABRT"));
  EXPECT_THAT(wait_for_refusal("at_load_exit", Code::plugin_crashed).reason, HasSubstr("exit"));
  wait_for_refusal("null_run", Code::plugin_bad_table);
  wait_for("test/echo 1.0.0", PluginState::active);
  wait_for("test/at_load_print 1.0.0", PluginState::active);
  EXPECT_EQ(run("echo", "").payload, "{}");
  EXPECT_EQ(count("test/at_load_segv 1.0.0", PluginState::probing), 1);
  EXPECT_EQ(count("test/at_load_segv 1.0.0", PluginState::loading), 0);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::probing), 1);
  wait_until("it to have settled", [&] { return loader_->has_settled(); });
}

TEST_F(Probed, WhatCrashedIsNotTriedAgainBeforeAnOperatorSaysSo) {
  drop("at_load_segv-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("at_load_segv", Code::plugin_crashed);
  EXPECT_THAT(refused.reason, HasSubstr("these bytes are not tried again before `tasker plugin retry test/at_load_segv@1.0.0`"));
  wait_until("the ban", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.orders.banned.size() == 1;
  });
  restart();
  EXPECT_THAT(wait_for_refusal("at_load_segv", Code::plugin_crashed).reason, HasSubstr("SIGSEGV"));
  EXPECT_EQ(count("test/at_load_segv 1.0.0", PluginState::probing), 0);
  catalogue_.retry(refused);
  wait_for_event("test/at_load_segv 1.0.0", PluginState::probing);
  wait_until("it to be remembered anew", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.orders.banned.size() == 1;
  });
}

TEST_F(Probed, AHangHoldsUpNobodyAndAFileThatGoesMeanwhileIsForgotten) {
  probing_.limit = std::chrono::seconds(100);
  drop("at_load_hang-1.0.0.so");
  start();
  wait_for("test/at_load_hang 1.0.0", PluginState::probing);
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  drop("at_load_hang-1.0.0.so");  // the same bytes again start nothing
  fs::remove(folder() / "at_load_hang-1.0.0.so");
  wait_until_gone("test/at_load_hang 1.0.0");
  EXPECT_EQ(count("test/at_load_hang 1.0.0", PluginState::probing), 1);
  loader_->stop(std::chrono::seconds(5));
}

TEST_F(Probed, OtherBytesThatComeMeanwhileAreTheOnesThatCount) {
  std::vector<std::function<void(Result<void>)>> held;
  std::mutex mutex;
  options_.probe = [&](const LoadRequest&, std::function<void(Result<void>)> done) {
    const std::lock_guard lock(mutex);
    held.push_back(std::move(done));
  };
  const auto asked_for = [&](std::size_t probes) {
    wait_until("a probe", [&] {
      const std::lock_guard lock(mutex);
      return held.size() == probes;
    });
  };
  drop("at_load_hang-1.0.0.so", "echo-1.0.0.so");
  start();
  wait_for_refusal("echo", Code::plugin_path_mismatch);
  const std::string bytes = test::read_file(fixture("echo-1.0.0.so"));
  test::write_file(folder() / "echo-1.0.0.so", bytes);
  asked_for(1);
  test::write_file(folder() / "echo-1.0.0.so", bytes + " ");
  asked_for(2);
  held[0](make_error(Code::plugin_crashed, "of the former bytes"));
  held[1]({});
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::refused), 1);
}

TEST_F(Probed, ACopyThatIsAlteredMeanwhileIsNotOpened) {
  options_.probe = [this](const LoadRequest& request, auto done) {
    fs::permissions(request.file, fs::perms::owner_all);
    test::write_file(request.file, test::read_file(fixture("counter-1.0.0.so")));
    done({});
  };
  drop("echo-1.0.0.so");
  start();
  EXPECT_THAT(wait_for_refusal("echo", Code::plugin_untrusted_file).reason, HasSubstr("was altered"));
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::loading), 0);
}

TEST_F(Probed, AProbeThatCannotBeHadIsTriedAgain) {
  auto tries = std::make_shared<std::atomic<int>>(0);
  options_.probe = [tries](const LoadRequest&, auto done) {
    done(++*tries < 3 ? Result<void>(make_error(Code::plugin_runner_failed, "no descriptor is left", Retry::later)) : Result<void>());
  };
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(*tries, 3);
}

TEST_F(Probed, AVersionThatComesFromItsCopyIsProbedToo) {
  drop("echo-1.0.0.so");
  start();
  const auto hash = wait_for("test/echo 1.0.0", PluginState::active).sha256;
  NeededVersion needed;
  needed.namespace_name = "test";
  needed.name = "echo";
  needed.version = "1.0.0";
  needed.sha256 = hash;
  needed.open_tasks = 1;
  stop();
  catalogue_.needed.push_back(needed);
  fs::remove(folder() / "echo-1.0.0.so");
  fs::remove(probing_.known);
  prober_.reset();
  restart();
  wait_for("test/echo 1.0.0", PluginState::draining);
  EXPECT_EQ(count("test/echo 1.0.0", PluginState::probing), 1);
}

}  // namespace
}  // namespace tasker::plugin
