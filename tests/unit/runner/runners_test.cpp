// Real runners of real plugins, without a database: what a crash costs, what is sent to the next child, and when it is enough.
#include "runner/runners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <future>
#include <set>

#include "base/json.h"
#include "base/log.h"
#include "config/isolation.h"
#include "engine/ports.h"
#include "plugin/loaded_plugin.h"
#include "plugin/manifest.h"
#include "runner/sandbox.h"
#include "support/files.h"
#include "support/no_threads.h"

namespace {
std::atomic<int> g_shortages{0};
}

// So many sends of this program fail as they do when the kernel has no memory for what is sent, which no test can bring about.
extern "C" ssize_t send(int socket, const void* bytes, size_t size, int flags) {
  if (g_shortages.load() > 0 && g_shortages.fetch_sub(1) > 0) {
    errno = ENOBUFS;
    return -1;
  }
  return ::sendto(socket, bytes, size, flags, nullptr, 0);
}

namespace tasker::runner {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto kDeadline = 120s;

class RunnersTest : public testing::Test {
 protected:
  ~RunnersTest() override {
    if (!plugin_) return;
    EXPECT_TRUE(plugin_->retire(std::chrono::steady_clock::now() + kDeadline));
  }

  Result<void> load(const std::string& name, const std::string& config = "") {
    plugin::LoadRequest request;
    request.config = config;
    request.file = std::filesystem::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins/test" / (name + "-1.0.0.so");
    const auto report = plugin::inspect_file(request.file);
    if (!report) return report.error();
    request.definition = definition_ = report->definition;
    request.sha256 = report->sha256;
    request.source = "test/" + name + " 1.0.0";
    request.on_trouble = [this](const std::string& why) { trouble_.set_value(why); };
    request.init_limit = start_limit_;
    request.stop = stopping_.get_token();
    options_.folder = dir_.path() / "runners";
    options_.limits_for = [this](std::string_view, std::string_view) { return std::optional(limits_); };
    runners_ = std::make_unique<Runners>(options_);
    auto plugin = runners_->isolate(request);
    if (!plugin) return plugin.error();
    plugin_ = std::move(*plugin);
    handlers_ = plugin_->handlers();
    return {};
  }

  std::future<engine::AttemptOutcome> start(const std::string& context) {
    engine::AttemptInput input;
    input.fence.step = {TaskId{7}, 1};
    input.task_id = "7";
    input.context = std::make_shared<const std::string>(context);
    input.stop = stop_;
    input.definition = definition_;
    input.step = &definition_->step(1);
    const auto promise = std::make_shared<std::promise<engine::AttemptOutcome>>();
    handlers_.at(0)->run(input, [promise](engine::AttemptOutcome outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }
  static engine::AttemptOutcome wait(std::future<engine::AttemptOutcome> outcome) {
    if (outcome.wait_for(kDeadline) == std::future_status::ready) return outcome.get();
    ADD_FAILURE() << "the attempt never ended";
    return {};
  }
  engine::AttemptOutcome run(const std::string& context) { return wait(start(context)); }
  engine::AttemptOutcome run_how(const std::string& how) { return run(R"({"how":")" + how + "\"}"); }
  static std::string end_of(const engine::AttemptOutcome& outcome) { return outcome.code + ": " + outcome.message; }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  // Waits until the handler is at the pipe of its context's "until", where it stays until this descriptor is closed.
  int opened(const std::string& pipe) {
    const int end = ::open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_GE(end, 0);
    return end;
  }

  test::TempDir dir_;
  RunnersOptions options_{.program = std::string(TASKER_BINARY_DIR) + "/bin/tasker", .folder = {}, .environment = {"PATH", "ASAN_OPTIONS"},
                          .limits_for = {}};
  RunnerLimits limits_;
  std::chrono::milliseconds start_limit_ = kDeadline;
  std::stop_source stopping_;
  std::promise<std::string> trouble_;
  std::unique_ptr<Runners> runners_;
  std::shared_ptr<plugin::HeldPlugin> plugin_;
  std::shared_ptr<const model::TaskTemplate> definition_;
  std::vector<std::shared_ptr<engine::Handler>> handlers_;
  std::shared_ptr<std::atomic<std::uint32_t>> stop_ = std::make_shared<std::atomic<std::uint32_t>>(0);
};

TEST_F(RunnersTest, AnswerAsThePluginWould) {
  ASSERT_TRUE(load("echo"));
  const std::string context = R"({"text":")" + std::string(100'000, 'x') + "\"}";
  EXPECT_EQ(run(context).payload, context);
  std::vector<std::future<engine::AttemptOutcome>> many;
  for (int i = 0; i < 5'000; ++i) many.push_back(start("{\"i\":" + std::to_string(i) + "}"));
  for (int i = 0; i < 5'000; ++i)
    EXPECT_EQ(wait(std::move(many[static_cast<std::size_t>(i)])).payload, "{\"i\":" + std::to_string(i) + "}");
}

TEST_F(RunnersTest, HandOverEventsCheckpointsAndLateCompletions) {
  ASSERT_TRUE(load("async"));
  EXPECT_EQ(run("{}").kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, SayWhatEndedAnAttemptAndGoOn) {
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(end_of(run_how("segv")), HasSubstr("plugin.crashed: the plugin's runner ended while the attempt was in it: SIGSEGV (invalid"));
  EXPECT_THAT(end_of(run_how("abort")), HasSubstr("SIGABRT (abort)"));
  EXPECT_THAT(end_of(run_how("exit")), HasSubstr("exit with code"));
  EXPECT_THAT(end_of(run_how("overflow")), HasSubstr("SIGSEGV"));
  EXPECT_THAT(end_of(run_how("kill")), HasSubstr("SIGKILL (from outside"));
  EXPECT_THAT(end_of(run_how("close")), HasSubstr("plugin.crashed"));
  EXPECT_THAT(end_of(run_how("throw")), HasSubstr("thrown on purpose"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, KillAChildThatGivesNoSignOfLife) {
  limits_.silence = 2s;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(end_of(run_how("stop")), HasSubstr("plugin.timeout: its runner was killed: it gave no sign of life for 2 s"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, KillAChildForAnAttemptThatIsOverdue) {
  limits_.attempt = 1s;
  ASSERT_TRUE(load("unruly"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  auto beside = start(R"({"until":")" + path("pipe") + "\"}");
  const int end = opened(path("pipe"));
  EXPECT_THAT(end_of(run_how("loop")), HasSubstr("plugin.timeout"));
  EXPECT_THAT(end_of(wait(std::move(beside))), HasSubstr("ran longer than the 1 s"));
  ::close(end);
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

// It takes back what says that it has begun, so that no time would run for it.
TEST_F(RunnersTest, KillAChildForAnOverdueAttemptThatHidesItself) {
  limits_.attempt = 1s;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(end_of(run_how("scribble")), HasSubstr("plugin.timeout: the attempt ran longer than the 1 s"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

// One handler thread: the second attempt waits in the child, the first is in the plugin.
TEST_F(RunnersTest, GiveWhatOnlyWaitedToTheNextChildUncounted) {
  options_.workers = 1;
  ASSERT_TRUE(load("unruly"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  auto first = start(R"({"how":"segv","until":")" + path("pipe") + "\"}");
  const int end = opened(path("pipe"));
  std::vector<std::future<engine::AttemptOutcome>> behind;
  for (int i = 0; i < 20; ++i) behind.push_back(start("{}"));
  ::close(end);
  EXPECT_THAT(end_of(wait(std::move(first))), HasSubstr("SIGSEGV"));
  for (auto& one : behind) EXPECT_EQ(wait(std::move(one)).kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, AreQuarantinedWithTheirPluginWhenItCrashesTooOften) {
  limits_.crashes = 3;
  ASSERT_TRUE(load("unruly"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(end_of(run_how("exit")), HasSubstr("plugin.crashed"));
  const auto back = run_how("");
  EXPECT_EQ(back.kind, model::OutcomeKind::cancelled) << "it goes back unspent";
  EXPECT_THAT(end_of(back), HasSubstr("plugin.quarantined: its runner ended 3 times within 5 minutes"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::cancelled);
  auto told = trouble_.get_future();
  ASSERT_EQ(told.wait_for(kDeadline), std::future_status::ready);
  EXPECT_THAT(told.get(), HasSubstr("exit with code"));
  plugin_->forget_crashes();
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok) << "an operator said so";
}

TEST_F(RunnersTest, AreRenewedAfterSoManyAttempts) {
  limits_.attempts_per_process = 1;
  ASSERT_TRUE(load("unruly"));
  std::set<std::string> answers;
  for (int i = 0; i < 5; ++i) answers.insert(run("{}").payload);
  EXPECT_EQ(answers.size(), 5u) << "each process says its id";
}

TEST_F(RunnersTest, TellAnAttemptToStop) {
  ASSERT_TRUE(load("blocker"));
  auto outcome = start(R"({"until":"/nowhere","started":")" + path("started") + "\"}");
  stop_->store(engine::kStopDraining);
  EXPECT_EQ(wait(std::move(outcome)).kind, model::OutcomeKind::cancelled);
}

TEST_F(RunnersTest, RefuseAPluginThatEndsItsProcessWhileItIsLoaded) {
  EXPECT_EQ(load("init_fails").error().code, Code::plugin_init_failed);
  EXPECT_EQ(load("null_run").error().code, Code::plugin_bad_table);
}

TEST_F(RunnersTest, AreGivenUpWhenInitHangsOrAStopIsAskedFor) {
  start_limit_ = 100ms;
  const auto hangs = load("init_hangs");
  EXPECT_EQ(hangs.error().code, Code::plugin_init_failed) << "no crash: another start may be quicker";
  EXPECT_THAT(hangs.error().message, HasSubstr("it did not load its plugin within"));
  start_limit_ = 1h;
  stopping_.request_stop();
  EXPECT_EQ(load("init_hangs").error().code, Code::stopping);
}

TEST_F(RunnersTest, ThatCannotBeStartedSayWhy) {
  options_.program = "/nowhere/tasker";
  const auto loaded = load("echo");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Code::plugin_runner_failed);
  EXPECT_THAT(loaded.error().message, HasSubstr("/nowhere/tasker: No such file"));
}

TEST_F(RunnersTest, ThatGetNoThreadSaySoAndStartWhenThereIsOne) {
  {
    const test::NoThreads none;
    const auto loaded = load("echo");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Code::no_thread);
    EXPECT_EQ(loaded.error().retry, Retry::later);
  }
  ASSERT_TRUE(load("echo"));
  EXPECT_EQ(run("{}").payload, "{}");
}

TEST_F(RunnersTest, KeepToTheirLimits) {
  limits_.files = 128;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(run_how("program").payload, HasSubstr("fork: EPERM"));
  EXPECT_THAT(run_how("signal_host").payload, HasSubstr("EPERM"));
  EXPECT_THAT(run_how("limit_host").payload, HasSubstr("EPERM"));
  EXPECT_THAT(run_how("signal_by_file").payload, HasSubstr("EPERM"));
  EXPECT_THAT(run_how("own_file").payload, HasSubstr("EPERM"));
  EXPECT_THAT(run_how("socket").payload, HasSubstr("done"));
  EXPECT_THAT(end_of(run_how("ptrace")), HasSubstr("SIGSYS (a system call that its seccomp profile forbids)"));
#if defined(__x86_64__)
  EXPECT_THAT(end_of(run_how("i386")), HasSubstr("SIGSYS")) << "and not one thread of it";
#endif
  EXPECT_THAT(run_how("variables").payload, Not(HasSubstr("HOME=")));
}

TEST_F(RunnersTest, OfTheStrictProfileHaveNoNetwork) {
  limits_.seccomp = SeccompProfile::strict;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(run_how("socket").payload, HasSubstr("EPERM"));
}

TEST_F(RunnersTest, WithoutAProfileMayStartPrograms) {
  limits_.seccomp = SeccompProfile::none;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(run_how("program").payload, HasSubstr("ran"));
}

TEST_F(RunnersTest, TakeAlongWhatThePluginStarted) {
  limits_.seccomp = SeccompProfile::none;
  limits_.silence = 60s;
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(end_of(run_how("crash_behind_a_fork")), HasSubstr("SIGSEGV")) << "though the channel is still open";
}

TEST_F(RunnersTest, AreEndedForWordsThatNoRunnerSays) {
  ASSERT_TRUE(load("unruly"));
  EXPECT_THAT(end_of(run_how("forge")), HasSubstr("plugin.crashed: its runner was killed: it sent what no runner sends"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

// Starts that fail on the host's side are tried again, and a folder that was cleaned away is made anew.
TEST_F(RunnersTest, AreNotQuarantinedForWhatIsNotTheirs) {
  limits_.crashes = 2;
  ASSERT_TRUE(load("unruly"));
  std::filesystem::remove_all(options_.folder);
  EXPECT_THAT(end_of(run_how("exit")), HasSubstr("plugin.crashed"));
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, ChargeAPoisonsNeighboursNothing) {
  options_.workers = 1;
  ASSERT_TRUE(load("unruly"));
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  auto first = start(R"({"how":"segv","until":")" + path("pipe") + "\"}");
  const int end = opened(path("pipe"));
  std::vector<std::future<engine::AttemptOutcome>> poison, innocent;
  for (int i = 0; i < 5; ++i) poison.push_back(start(R"({"how":"segv"})"));
  for (int i = 0; i < 10; ++i) innocent.push_back(start("{}"));
  ::close(end);
  EXPECT_THAT(end_of(wait(std::move(first))), HasSubstr("SIGSEGV"));
  for (auto& one : poison) EXPECT_THAT(end_of(wait(std::move(one))), HasSubstr("SIGSEGV"));
  for (auto& one : innocent) EXPECT_EQ(wait(std::move(one)).kind, model::OutcomeKind::ok);
}

TEST_F(RunnersTest, WithALimitOfMemoryRunAsManyAtOnceAsWithout) {
  limits_.memory_mib = 512;
  ASSERT_TRUE(load("blocker"));
  std::vector<std::future<engine::AttemptOutcome>> many;
  for (int i = 0; i < 40; ++i) many.push_back(start(R"({"until":")" + path("go") + "\"}"));
  test::write_file(path("go"), "");
  for (auto& one : many) EXPECT_EQ(end_of(wait(std::move(one))), ": ");
}

// The least that the configuration takes.
TEST_F(RunnersTest, StartAndWorkWithTheLeastMemory) {
  limits_.memory_mib = config::kLeastRunnerMemoryMib;
  ASSERT_TRUE(load("unruly"));
  std::vector<std::future<engine::AttemptOutcome>> many;
  for (int i = 0; i < 40; ++i) many.push_back(start("{}"));
  for (auto& one : many) EXPECT_EQ(end_of(wait(std::move(one))), ": ");
}

TEST_F(RunnersTest, ThatGetTooLittleMemorySaySo) {
  if (is_sanitized()) GTEST_SKIP() << "a sanitizer's shadow memory is larger than any limit";
  limits_.memory_mib = config::kLeastRunnerMemoryMib / 2;
  const auto loaded = load("unruly");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("with the 32 MiB of memory that it has (runner.memory_mib)"));
}

TEST_F(RunnersTest, SendAgainWhatTheKernelHadNoMemoryFor) {
  ASSERT_TRUE(load("echo"));
  g_shortages = 3;
  EXPECT_EQ(run(R"({"a":1})").payload, R"({"a":1})");
  EXPECT_LE(g_shortages.exchange(0), 0);
  EXPECT_EQ(run(R"({"a":2})").payload, R"({"a":2})");
}

// As after SIGHUP: those that run already hear of it too.
TEST_F(RunnersTest, HearOfANewLogLevel) {
  const std::string file = path("log");
  ASSERT_TRUE(log_open({.level = LogLevel::info, .file = file}));
  ASSERT_TRUE(load("unruly"));
  EXPECT_EQ(run_how("debug").kind, model::OutcomeKind::ok);
  run_how("print");
  ASSERT_TRUE(log_open({.level = LogLevel::debug, .file = file}));
  const auto is_written = [&] {
    log_flush();
    return test::read_file(file).find("a word for who debugs") != std::string::npos;
  };
  EXPECT_FALSE(is_written());
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!is_written() && std::chrono::steady_clock::now() < deadline) EXPECT_EQ(run_how("debug").kind, model::OutcomeKind::ok);
  EXPECT_TRUE(is_written());
  ASSERT_TRUE(log_open({}));
}

TEST_F(RunnersTest, ThatAreShortOfMemoryEndTheAttemptThatWantedIt) {
  limits_.memory_mib = 512;
  ASSERT_TRUE(load("unruly"));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's shadow memory is larger than any limit";
#else
  const std::string why = "it had run out of its 512 MiB of memory";
  EXPECT_EQ(end_of(run_how("hog")), "plugin.crashed: std::bad_alloc; " + why);
  EXPECT_THAT(end_of(run_how("hog_in_c")), AllOf(HasSubstr("plugin.crashed: "), HasSubstr("SIGSEGV"), HasSubstr("after " + why)));
  EXPECT_THAT(run_how("hog_and_go_on").payload, HasSubstr("went without"));
  EXPECT_THAT(end_of(run_how("segv")), AllOf(HasSubstr("SIGSEGV"), Not(HasSubstr("MiB")))) << "what ran out before is not its reason";
  EXPECT_EQ(end_of(run_how("throw")).find("memory"), std::string::npos);
  EXPECT_EQ(run_how("").kind, model::OutcomeKind::ok);
#endif
}

// Its version leaves a host that goes on: what is inside ends by itself, told to, and fini() may take its time.
TEST_F(RunnersTest, LeaveInStepsAndLetEveryAttemptEnd) {
  ASSERT_EQ(::mkfifo(path("step").c_str(), 0600), 0);
  ASSERT_TRUE(load("farewell", R"({"drained":")" + path("drained") + R"(","finished":")" + path("finished") + "\"}"));
  auto attempt = start(R"({"reads":")" + path("step") + "\"}");
  const int end = opened(path("step"));
  EXPECT_EQ(plugin_->inside(), 1);
  plugin_->drain();
  EXPECT_EQ(run("{}").code, "host.stopping");
  EXPECT_EQ(attempt.wait_for(0s), std::future_status::timeout) << "it goes on";
  ::close(end);
  EXPECT_EQ(wait(std::move(attempt)).kind, model::OutcomeKind::ok);
  EXPECT_EQ(plugin_->inside(), 0);
  plugin_->finish();
  EXPECT_EQ(test::read_file(path("finished")), "finished\n");
  EXPECT_TRUE(plugin_->close());
  for (const auto& left : std::filesystem::directory_iterator(dir_.path() / "runners"))
    EXPECT_FALSE(left.is_directory()) << left.path() << " is the folder that it worked in";
}

}  // namespace
}  // namespace tasker::runner
