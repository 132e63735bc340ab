// The checker on plugins that keep the contract and on plugins that break one rule of it each.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "checker/apart.h"
#include "checker/checker.h"
#include "runner/sandbox.h"

namespace tasker::checker {
namespace {

namespace fs = std::filesystem;

struct Checked {
  Report report;
  std::map<std::string, Finding> findings;
};

Checked check(Request request) {
  Checked checked;
  const auto report = check_plugin(request, [&](const Finding& finding) { checked.findings[finding.check] = finding; });
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  if (report) checked.report = *report;
  return checked;
}

Request fixture(const std::string& name) {
  return {.file = std::string(TASKER_BINARY_DIR) + "/tests/fixtures/plugins/" + name + "-1.0.0.so", .limit = std::chrono::seconds(20)};
}

std::string told(const Checked& checked) {
  std::string all;
  for (const auto& [name, finding] : checked.findings)
    if (finding.verdict == Verdict::failed) all += name + ": " + finding.message + " [" + finding.code + "]\n";
  return all;
}

TEST(Checker, Fault55PassesEveryGoodFixture) {
  for (const char* name : {"echo", "async", "blocker", "checkpoint", "counter", "farewell", "fails_for_good", "flaky", "ledger", "origin", "waits"}) {
    auto request = fixture(std::string("test/") + name);
    request.seed = 1;
    request.cases = 50;
    const auto checked = check(request);
    EXPECT_EQ(checked.report.failed, 0) << name << "\n" << told(checked);
    EXPECT_EQ(checked.report.skipped, 0) << name;
  }
}

TEST(Checker, Fault55FailsEveryBadFixtureForItsReason) {
  struct Bad {
    const char* name;
    const char* check;
    Code code;
    const char* words;
  };
  for (const Bad& bad : {
           Bad{"at_load_segv", "opens", Code::plugin_crashed, "SIGSEGV"},
           {"at_load_exit", "opens", Code::plugin_crashed, "exit with code"},
           {"throws_at_load", "opens", Code::plugin_load_failed, "thrown while the library is opened"},
           {"missing_handler", "opens", Code::plugin_handler_missing, "nobody_runs_this"},
           {"needs_newer_abi", "opens", Code::plugin_abi_unsupported, "1.99"},
           {"null_run", "opens", Code::plugin_bad_table, "no run function"},
           {"extra_symbol", "file", Code::plugin_extra_symbol, "third_symbol"},
           {"nodelete", "linking", Code::plugin_check_failed, "NODELETE"},
           {"executable_stack", "linking", Code::plugin_check_failed, "executable stack"},
           {"init_segv", "begins", Code::plugin_crashed, "in its init()"},
           {"init_throws", "begins", Code::plugin_threw, "thrown by an init"},
           {"refuses_silently", "begins", Code::plugin_check_failed, "without a message"},
           {"crashes_on_configuration", "configuration", Code::plugin_crashed, "an array as configuration"},
           {"lives_once", "two_lives", Code::plugin_check_failed, "its second init()"},
           {"leaves_thread", "leaves_nothing", Code::plugin_check_failed, "1 thread is still running"},
           {"leaves_descriptor", "leaves_nothing", Code::plugin_check_failed, "is open on /dev/null"},
           {"changes_directory", "leaves_nothing", Code::plugin_check_failed, "the working directory was"},
           {"changes_locale", "leaves_nothing", Code::plugin_check_failed, "and is C.UTF-8"},
           {"changes_signals", "leaves_nothing", Code::plugin_check_failed, "signal 13 was the default and is ignored"},
           {"changes_environment", "leaves_nothing", Code::plugin_check_failed, "LITTER was set"},
           {"changes_mask", "leaves_nothing", Code::plugin_check_failed, "file mode mask"},
           {"thread_local", "leaves_memory", Code::plugin_check_failed, "stays in memory"},
           {"throws", "runs", Code::plugin_threw, "thrown by a plugin without a guard"},
           {"bad_json", "runs", Code::plugin_bad_result, "not JSON"},
           {"bad_outcome", "runs", Code::plugin_bad_outcome, "99"},
           {"crashes_on_words", "bad_input", Code::plugin_crashed, "a context that is a word"},
           {"retries_bad_input", "bad_input", Code::plugin_check_failed, "run again for nothing"},
           {"crashes_on_size", "big_input", Code::plugin_crashed, "a context of 1 MiB"},
           {"deaf", "stop", Code::plugin_timeout, "still runs after 5 s"},
           {"one_at_a_time", "two_at_once", Code::plugin_crashed, "twice at the same time"},
           {"answers_twice", "one_answer", Code::plugin_check_failed, "more than once"},
       }) {
    // No exception passes a sanitizer's dlopen.
    if (runner::is_sanitized() && std::string(bad.name) == "throws_at_load") continue;
    const auto checked = check(fixture(std::string("test/") + bad.name));
    const auto found = checked.findings.find(bad.check);
    ASSERT_NE(found, checked.findings.end()) << bad.name;
    EXPECT_EQ(found->second.verdict, Verdict::failed) << bad.name << "\n" << told(checked);
    EXPECT_EQ(found->second.code, code_text(bad.code)) << bad.name << ": " << found->second.message;
    EXPECT_NE(found->second.message.find(bad.words), std::string::npos) << bad.name << ": " << found->second.message;
  }
}

TEST(Checker, WhatHangsIsEndedInTime) {
  auto request = fixture("test/init_hangs");
  request.limit = std::chrono::milliseconds(300);
  const auto checked = check(request);
  EXPECT_EQ(checked.findings.at("begins").code, code_text(Code::plugin_timeout));
  EXPECT_NE(checked.findings.at("begins").message.find("in its init()"), std::string::npos);
}

TEST(Checker, ASlowHandlerHasItsTimeForEveryAttempt) {
  auto request = fixture("test/slow");
  request.limit = std::chrono::milliseconds(700);  // less than the attempts of a check take together
  request.seed = 1;
  request.cases = 10;
  const auto checked = check(request);
  EXPECT_EQ(checked.report.failed, 0) << told(checked);
}

TEST(Checker, WhatACheckThrowsEndsInItsProcess) {
  const auto where = Whereabouts::make();
  const auto finding = run_apart("any", std::chrono::seconds(20), *where, [] { return false; },
                                 [](const fs::path&) -> Answer { throw std::runtime_error("thrown by a check"); });
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->verdict, Verdict::failed);
  EXPECT_EQ(finding->code, code_text(Code::internal));
  EXPECT_NE(finding->message.find("thrown by a check"), std::string::npos);
}

TEST(Checker, APluginThatWantsAConfigurationIsTriedWithoutOneAndSaysSo) {
  const auto without = check(fixture("test/init_fails"));
  EXPECT_EQ(without.report.failed, 0) << told(without);
  EXPECT_EQ(without.findings.at("begins").verdict, Verdict::skipped);
  EXPECT_EQ(without.findings.at("runs").verdict, Verdict::skipped);
  EXPECT_EQ(without.findings.at("configuration").verdict, Verdict::passed);
}

TEST(Checker, MadeUpInputThatBreaksItCanBeMadeAgain) {
  auto request = fixture("test/crashes_on_made_up_input");
  EXPECT_EQ(check(request).report.failed, 0);
  request.seed = 1;
  const auto first = check(request);
  ASSERT_TRUE(first.report.failed_seed) << told(first);
  EXPECT_NE(first.findings.at("fuzz").message.find("--seed " + std::to_string(*first.report.failed_seed) + " --cases 1"), std::string::npos)
      << told(first);
  request.seed = first.report.failed_seed;
  request.cases = 1;
  EXPECT_EQ(check(request).findings.at("fuzz").verdict, Verdict::failed);
}

TEST(Checker, NothingOfAPluginStaysInTheFolderItWasCalledIn) {
  const auto before = fs::current_path();
  const auto folder = fs::temp_directory_path() / ("checker-cwd-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  fs::current_path(folder);
  check(fixture("test/ledger"));
  fs::current_path(before);
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove_all(folder);
}

TEST(Checker, AFileThatIsNotThereIsAnError) {
  const auto report = check_plugin({.file = "/nowhere/x-1.0.0.so"}, [](const Finding&) {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_found);
}

}  // namespace
}  // namespace tasker::checker
