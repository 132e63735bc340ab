// The real prober and real libraries: whatever a library does when it is opened is told of that library and nobody else, and
// this process goes on.
#include "runner/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>

#include "plugin/loaded_plugin.h"
#include "plugin/manifest.h"
#include "runner/probed_hashes.h"
#include "runner/sandbox.h"
#include "support/files.h"
#include "support/no_threads.h"

namespace tasker::runner {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr auto kDeadline = std::chrono::seconds(200);

class ProberTest : public testing::Test {
 protected:
  ProberTest() { options_.known = dir_.path() / "probed"; }

  void start() { prober_ = std::make_unique<Prober>(options_); }
  static plugin::LoadRequest request(const std::string& name) {
    plugin::LoadRequest request;
    request.file = std::filesystem::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins/test" / (name + "-1.0.0.so");
    const auto report = plugin::inspect_file(request.file);
    EXPECT_TRUE(report) << name;
    request.definition = report->definition;
    request.entry_bytes = report->entry_bytes;
    request.sha256 = report->sha256;
    request.source = "test/" + name + " 1.0.0";
    return request;
  }
  std::future<Result<void>> ask(const plugin::LoadRequest& request) {
    const auto promise = std::make_shared<std::promise<Result<void>>>();
    prober_->probe(request, [promise](Result<void> answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  static std::string wait(std::future<Result<void>> answer) {
    if (answer.wait_for(kDeadline) != std::future_status::ready) return "no answer";
    const auto result = answer.get();
    return result ? "sound" : std::string(code_text(result.error().code)) + ": " + result.error().message;
  }
  std::string verdict(const std::string& name) { return wait(ask(request(name))); }

  test::TempDir dir_;
  ProberOptions options_{.program = std::string(TASKER_BINARY_DIR) + "/bin/tasker", .known = {}};
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, SaysWhatEachLibraryDidAndBlamesNoOther) {
  start();
  std::map<std::string, std::future<Result<void>>> answers;
  for (const char* name : {"echo", "at_load_segv", "at_load_abort", "async", "at_load_exit", "at_load_kill_parent", "throws_at_load", "null_run",
                           "missing_handler", "wrong_abi", "at_load_print", "counter", "init_fails"})
    answers[name] = ask(request(name));
  std::map<std::string, std::string> said;
  for (auto& [name, answer] : answers) said[name] = wait(std::move(answer));
  EXPECT_THAT(said["at_load_segv"], AllOf(HasSubstr("plugin.crashed: "), HasSubstr("constructors of static objects"), HasSubstr("SIGSEGV (invalid memory access)")));
  EXPECT_THAT(said["at_load_abort"], AllOf(HasSubstr("plugin.crashed: "), HasSubstr("SIGABRT (abort)")));
  EXPECT_THAT(said["at_load_exit"], AllOf(HasSubstr("plugin.crashed: "), HasSubstr("exit with code")));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // no exception passes their dlopen
  EXPECT_THAT(said["throws_at_load"], HasSubstr("thrown while the library is opened"));
#endif
  EXPECT_THAT(said["null_run"], HasSubstr("plugin.bad_table: handler run has no run function"));
  EXPECT_THAT(said["missing_handler"], HasSubstr("plugin.handler_missing"));
  EXPECT_THAT(said["wrong_abi"], HasSubstr("plugin.abi_unsupported"));
  for (const char* name : {"echo", "async", "counter", "init_fails", "at_load_print", "at_load_kill_parent"}) EXPECT_EQ(said[name], "sound") << name;
}

TEST_F(ProberTest, EndsALibraryThatHangsWhileOthersGoOn) {
  options_.limit = std::chrono::seconds(30);
  start();
  const auto hanging = request("at_load_hang");
  std::vector<std::future<Result<void>>> hangs;
  for (int i = 0; i < 3; ++i) hangs.push_back(ask(hanging));
  EXPECT_EQ(verdict("echo"), "sound");
  for (auto& each : hangs) EXPECT_EQ(each.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  prober_.reset();
  for (auto& each : hangs) EXPECT_THAT(wait(std::move(each)), HasSubstr("stopping"));
  options_.limit = std::chrono::seconds(1);
  start();
  EXPECT_THAT(verdict("at_load_hang"), AllOf(HasSubstr("plugin.timeout: "), HasSubstr("within 1 s (plugins.probe_seconds)")));
}

TEST_F(ProberTest, LimitsMemory) {
  if (is_sanitized()) GTEST_SKIP() << "a sanitizer's shadow needs more address space than the limit";
  start();
  EXPECT_THAT(verdict("no_memory_at_load"), AllOf(HasSubstr("plugin."), HasSubstr("memory")));
}

TEST_F(ProberTest, NamesTheSymbolThatIsMissing) {
  std::string bytes = test::read_file(request("echo").file);
  bytes.replace(bytes.find(std::string("\0malloc\0", 8)), 8, std::string("\0mallox\0", 8));
  auto other = request("echo");
  other.file = dir_.path() / "other.so";
  other.sha256 = "other";
  test::write_file(other.file, bytes);
  start();
  EXPECT_THAT(wait(ask(other)), AllOf(HasSubstr("plugin.load_failed"), HasSubstr("mallox")));
}

TEST_F(ProberTest, StartsAnewWhenItWasIdle) {
  options_.idle = std::chrono::milliseconds(1);
  start();
  for (const char* name : {"echo", "async", "counter", "ledger"}) EXPECT_EQ(verdict(name), "sound") << name;
}

TEST_F(ProberTest, SaysThatItCannotStartAndThatThisMayPass) {
  options_.program = dir_.path() / "missing";
  start();
  const auto answer = ask(request("echo")).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::plugin_runner_failed);
  EXPECT_EQ(answer.error().retry, Retry::later);
}

TEST_F(ProberTest, SaysThatItGetsNoThreadAndStartsWhenThereIsOne) {
  start();
  {
    const test::NoThreads none;
    const auto answer = ask(request("echo")).get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::no_thread);
    EXPECT_EQ(answer.error().retry, Retry::later);
  }
  EXPECT_EQ(verdict("echo"), "sound");
}

TEST_F(ProberTest, DoesNotTryAgainWhatWasSound) {
  start();
  EXPECT_EQ(verdict("echo"), "sound");
  EXPECT_THAT(verdict("at_load_segv"), HasSubstr("SIGSEGV"));
  start();
  auto known = request("echo"), crasher = request("at_load_segv");
  known.file = dir_.path() / "nobody opens this";
  EXPECT_EQ(wait(ask(known)), "sound");
  EXPECT_THAT(wait(ask(crasher)), HasSubstr("SIGSEGV"));
  prober_->forget(known.sha256);
  EXPECT_THAT(wait(ask(known)), HasSubstr("nobody opens this"));
}

const std::string kOne(64, '1'), kTwo(64, '2');

TEST(ProbedHashes, OutliveAHostAndBelongToItsBuild) {
  const test::TempDir dir;
  ProbedHashes(dir.path() / "probed", "a").add(kOne);
  ProbedHashes(dir.path() / "probed", "a").add(kTwo);
  ProbedHashes again(dir.path() / "probed", "a"), other(dir.path() / "probed", "b");
  EXPECT_TRUE(again.contains(kOne));
  EXPECT_TRUE(again.contains(kTwo));
  EXPECT_FALSE(other.contains(kOne));
  again.forget(kOne);
  EXPECT_FALSE(ProbedHashes(dir.path() / "probed", "a").contains(kOne));
  EXPECT_TRUE(ProbedHashes(dir.path() / "probed", "a").contains(kTwo));
}

// Every byte in turn: no damage makes another hash sound.
TEST(ProbedHashes, DamageCostsATrialAndNothingElse) {
  const test::TempDir dir;
  ProbedHashes(dir.path() / "probed", "a").add(kOne);
  const std::string whole = test::read_file(dir.path() / "probed");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = damaged[at] == '2' ? '3' : '2';
    std::string changed = kOne;
    if (at < changed.size()) changed[at] = damaged[at];
    test::write_file(dir.path() / "probed", damaged);
    ProbedHashes known(dir.path() / "probed", "a");
    EXPECT_FALSE(at < kOne.size() && known.contains(changed)) << at;
    if (at + 1 < whole.size()) {
      EXPECT_FALSE(known.contains(kOne)) << at;
    }
  }
  test::write_file(dir.path() / "probed", whole.substr(0, 40) + "\n" + std::string(100'000, 'x') + "\n" + whole);
  ProbedHashes(dir.path() / "probed", "a").add(kTwo);
  EXPECT_TRUE(ProbedHashes(dir.path() / "probed", "a").contains(kTwo));
}

}  // namespace
}  // namespace tasker::runner
