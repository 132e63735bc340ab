// How versions leave: nothing needs them any more, nobody is inside, fini, and really out of the process; and what holds that up.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <thread>

#include "loader_fixture.h"
#include "plugin/intake.h"

namespace tasker::plugin {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 40;
#else
constexpr int kRounds = 500;
#endif

// A pipe with a name: whoever reads it waits until the test lets go of it.
class Pipe {
 public:
  explicit Pipe(fs::path path) : path_(std::move(path)) { EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0); }
  ~Pipe() { let_go(); }
  std::string text() const { return path_.string(); }
  void wait_for_reader() { end_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC); }
  void let_go() {
    if (end_ >= 0) ::close(std::exchange(end_, -1));
  }

 private:
  const fs::path path_;
  int end_ = -1;
};

class Leave : public LoaderTest {
 protected:
  Leave() {
    options_.rescan = std::chrono::milliseconds(200);
    options_.drain_patience = std::chrono::milliseconds(100);
    options_.drain_timeout = std::chrono::seconds(60);
    options_.resident_look = std::chrono::milliseconds(20);
    options_.config_for = [this](std::string_view, std::string_view name) -> Result<std::string> { return name == "farewell" ? config_ : std::string("{}"); };
  }
  ~Leave() override {
    if (loader_) loader_->stop(std::chrono::seconds(5));
  }
  PluginRecord load(const std::string& file, const std::string& label) {
    drop(file);
    return wait_for(label, PluginState::active);
  }
  void remove(const std::string& file, const std::string& label, std::int64_t open_tasks = 0) {
    catalogue_.set_open_tasks(label, open_tasks);
    fs::remove(folder() / file);
  }
  // Runs on a thread of its own until the pipe is let go.
  std::future<engine::AttemptOutcome> run_until(const std::string& name, const Pipe& pipe) {
    auto loaded = registry_.find("test", name, "")->loaded;
    return std::async(std::launch::async, [this, loaded = std::move(loaded), context = R"({"reads":")" + pipe.text() + "\"}"] {
      return run(loaded, context);
    });
  }
  // This test's copy of it: other tests leave theirs.
  bool is_mapped(const std::string& sha256) { return count_in("/proc/self/maps", (options_.state / sha256).string()) > 0; }
  static int count_in(const fs::path& file, const std::string& text) {
    std::ifstream in(file);
    int lines = 0;
    for (std::string line; std::getline(in, line);) lines += line.find(text) != std::string::npos;
    return lines;
  }
  static std::ptrdiff_t entries_of(const fs::path& folder) { return std::distance(fs::directory_iterator(folder), {}); }
  std::vector<PluginState> noted_states(const std::string& wanted) {
    const std::lock_guard lock(catalogue_.mutex);
    std::vector<PluginState> states;
    for (const PluginRecord& record : catalogue_.noted)
      if (label(record) == wanted) states.push_back(record.state);
    return states;
  }
  fs::path file(const std::string& name) { return dir_.path() / name; }

  std::string config_ = "{}";
};

TEST_F(Leave, ARemovedVersionThatNothingNeedsLeavesTheProcess) {
  config_ = R"({"drained":")" + file("drained").string() + R"(","finished":")" + file("finished").string() + "\"}";
  start();
  const auto active = load("farewell-1.0.0.so", "test/farewell 1.0.0");
  EXPECT_TRUE(is_mapped(active.sha256));
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  const auto gone = wait_for("test/farewell 1.0.0", PluginState::unloaded);
  EXPECT_EQ(gone.reason, "no open task has it any more");
  EXPECT_TRUE(gone.code.empty());
  EXPECT_FALSE(is_mapped(active.sha256));
  EXPECT_TRUE(fs::exists(file("drained")));
  EXPECT_TRUE(fs::exists(file("finished")));
  EXPECT_FALSE(registry_.find("test", "farewell", ""));
  EXPECT_EQ(noted_states("test/farewell 1.0.0"),
            (std::vector{PluginState::active, PluginState::draining, PluginState::finishing, PluginState::closing, PluginState::unloaded}));
  const auto counts = loader_->transitions();
  for (const PluginState state : {PluginState::draining, PluginState::finishing, PluginState::closing, PluginState::unloaded})
    EXPECT_EQ(counts[static_cast<std::size_t>(state)], 1u) << plugin_state_text(state);
}

TEST_F(Leave, AVersionThatOpenTasksHaveStaysAndSaysWhy) {
  start();
  const auto active = load("counter-1.0.0.so", "test/counter 1.0.0");
  const auto loaded = registry_.find("test", "counter", "")->loaded;
  remove("counter-1.0.0.so", "test/counter 1.0.0", 3);
  const auto says = [](const std::string& what) {
    return [what](const PluginRecord& record) { return record.reason.find(what) != std::string::npos; };
  };
  EXPECT_EQ(wait_for("three open tasks", says("3, the oldest is task 64")).state, PluginState::draining);
  EXPECT_EQ(run(loaded).payload, R"({"count":1,"version":"1.0.0"})");
  EXPECT_TRUE(registry_.snapshot()->templates.contains(loaded.template_id));
  catalogue_.set_open_tasks("test/counter 1.0.0", 1001);
  wait_for("many open tasks", says("1000+"));
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::draining), 1) << "a number that changes is no transition";
  EXPECT_TRUE(is_mapped(active.sha256));
}

TEST_F(Leave, WhoHoldsAHandlerHoldsTheVersion) {
  start();
  const auto active = load("farewell-1.0.0.so", "test/farewell 1.0.0");
  Pipe pipe(file("pipe"));
  auto outcome = run_until("farewell", pipe);
  pipe.wait_for_reader();
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  wait_until("it to be out of the registry", [&] { return registry_.snapshot()->templates.empty(); });
  EXPECT_EQ(count("test/farewell 1.0.0", PluginState::finishing), 0);
  EXPECT_TRUE(is_mapped(active.sha256));
  pipe.let_go();
  EXPECT_EQ(outcome.get().kind, model::OutcomeKind::ok);
  wait_for("test/farewell 1.0.0", PluginState::unloaded);
  EXPECT_FALSE(is_mapped(active.sha256));
}

TEST_F(Leave, AttemptsThatNothingWaitsForAreAskedToEnd) {
  config_ = R"({"drained":")" + file("drained").string() + "\"}";
  start();
  load("farewell-1.0.0.so", "test/farewell 1.0.0");
  Pipe pipe(file("pipe"));
  auto outcome = run_until("farewell", pipe);
  pipe.wait_for_reader();
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  wait_until("drain() to be called", [&] { return fs::exists(file("drained")); });
  pipe.let_go();
  EXPECT_EQ(outcome.get().payload, R"({"draining":true})");
  wait_for("test/farewell 1.0.0", PluginState::unloaded);
}

TEST_F(Leave, AnAttemptThatNeverLeavesMakesItStuckAndItsEndUnsticksIt) {
  options_.drain_timeout = std::chrono::milliseconds(50);
  start();
  const auto active = load("farewell-1.0.0.so", "test/farewell 1.0.0");
  Pipe pipe(file("pipe"));
  auto outcome = run_until("farewell", pipe);
  pipe.wait_for_reader();
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  const auto stuck = wait_for("test/farewell 1.0.0", PluginState::stuck);
  EXPECT_NE(stuck.reason.find("1 attempts"), std::string::npos) << stuck.reason;
  EXPECT_TRUE(is_mapped(active.sha256));
  load("counter-1.0.0.so", "test/counter 1.0.0");
  pipe.let_go();
  outcome.get();
  wait_for("test/farewell 1.0.0", PluginState::unloaded);
  EXPECT_FALSE(is_mapped(active.sha256));
}

TEST_F(Leave, AFiniThatHangsHoldsUpNobodyElse) {
  Pipe pipe(file("pipe"));
  config_ = R"({"fini_reads":")" + pipe.text() + "\"}";
  options_.drain_timeout = std::chrono::milliseconds(50);
  start();
  const auto active = load("farewell-1.0.0.so", "test/farewell 1.0.0");
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  pipe.wait_for_reader();
  const auto stuck = wait_for("test/farewell 1.0.0", PluginState::stuck);
  EXPECT_NE(stuck.reason.find("fini() has not returned"), std::string::npos) << stuck.reason;
  load("counter-1.0.0.so", "test/counter 1.0.0");
  remove("counter-1.0.0.so", "test/counter 1.0.0");
  wait_for("test/counter 1.0.0", PluginState::unloaded);
  EXPECT_TRUE(is_mapped(active.sha256));
  pipe.let_go();
  wait_for("test/farewell 1.0.0", PluginState::unloaded);
  EXPECT_FALSE(is_mapped(active.sha256));
}

TEST_F(Leave, AHostThatStopsLeavesBehindWhatHangs) {
  Pipe pipe(file("pipe"));
  config_ = R"({"fini_reads":")" + pipe.text() + R"(","finished":")" + file("finished").string() + "\"}";
  start();
  load("farewell-1.0.0.so", "test/farewell 1.0.0");
  load("counter-1.0.0.so", "test/counter 1.0.0");
  std::thread reader([&] { pipe.wait_for_reader(); });
  const auto before = std::chrono::steady_clock::now();
  loader_->stop(std::chrono::milliseconds(300));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
  reader.join();
  EXPECT_FALSE(fs::exists(file("finished")));
  pipe.let_go();
  wait_until("fini to return", [&] { return fs::exists(file("finished")); });
}

TEST_F(Leave, AFileThatComesBackWhileItDrainsIsTheSameOne) {
  start();
  load("counter-1.0.0.so", "test/counter 1.0.0");
  run("counter", "");
  remove("counter-1.0.0.so", "test/counter 1.0.0", 1);
  wait_for("test/counter 1.0.0", PluginState::draining);
  drop("counter-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::active);
  EXPECT_EQ(run("counter", "").payload, R"({"count":2,"version":"1.0.0"})");
}

// The first build has the version's own name and stays.
TEST_F(Leave, InDevModeOlderBuildsLeaveWhenNoTaskHasThem) {
  options_.dev = true;
  start();
  load("counter-1.0.0.so", "test/counter 1.0.0");
  const auto build = [&](const std::string& text) {
    const fs::path path = file("build");
    test::write_file(path, test::read_file(fixture("counter-1.0.0.so")) + text);
    fs::rename(path, folder() / "counter-1.0.0.so");
    const std::string version = "test/counter 1.0.0+dev." + hash_file(folder() / "counter-1.0.0.so")->substr(0, 8);
    return std::pair(version, wait_for(version, PluginState::active));
  };
  const auto [first, first_record] = build("1");
  const auto [second, second_record] = build("2");
  catalogue_.set_open_tasks(first, 2);
  catalogue_.set_open_tasks(second, 0);
  wait_for("two open tasks", [&](const PluginRecord& record) {
    return label(record) == first && record.state == PluginState::draining && record.reason.find("a newer build") != std::string::npos &&
           record.reason.find("2, the oldest is task 64") != std::string::npos;
  });
  const auto third = build("3").first;
  wait_for(second, PluginState::unloaded);
  EXPECT_FALSE(is_mapped(second_record.sha256));
  EXPECT_TRUE(is_mapped(first_record.sha256));
  EXPECT_EQ(registry_.find("test", "counter", "")->version.text(), third.substr(third.find(' ') + 1));
  // An older build that is the file's again is the newest, and the one before it goes.
  catalogue_.set_open_tasks(third, 0);
  EXPECT_EQ(build("1").first, first);
  wait_for(third, PluginState::unloaded);
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::draining), 0);
}

// The answer is of a time before it was active again and took a task.
TEST_F(Leave, AnAnswerFromBeforeItWasActiveAgainCountsNoMore) {
  options_.drain_look = std::chrono::milliseconds(1);
  catalogue_.holds_needs = true;
  start();
  load("counter-1.0.0.so", "test/counter 1.0.0");
  remove("counter-1.0.0.so", "test/counter 1.0.0", 3);
  const auto held = [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return catalogue_.held_needs.size();
  };
  wait_until("the question", [&] { return held() == 1; });
  drop("counter-1.0.0.so");
  wait_for("test/counter 1.0.0", PluginState::active);
  remove("counter-1.0.0.so", "test/counter 1.0.0", 3);
  wait_for("test/counter 1.0.0", PluginState::draining);
  load("echo-1.0.0.so", "test/echo 1.0.0");  // some time goes by
  std::function<void()> answer;
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.holds_needs = false;
    answer = catalogue_.held_needs.front();
  }
  answer();
  wait_for("three open tasks", [](const PluginRecord& record) { return record.reason.find("3, the oldest is task 64") != std::string::npos; });
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::finishing), 0);
}

TEST_F(Leave, AFileThatComesBackWhileItLeavesIsLoadedAnew) {
  start();
  load("farewell-1.0.0.so", "test/farewell 1.0.0");
  Pipe pipe(file("pipe"));
  auto outcome = run_until("farewell", pipe);
  pipe.wait_for_reader();
  remove("farewell-1.0.0.so", "test/farewell 1.0.0");
  wait_until("it to be out of the registry", [&] { return registry_.snapshot()->templates.empty(); });
  drop("farewell-1.0.0.so");
  load("counter-1.0.0.so", "test/counter 1.0.0");  // behind it: it has been taken note of
  EXPECT_EQ(count("test/farewell 1.0.0", PluginState::loading), 1);
  pipe.let_go();
  outcome.get();
  wait_for("test/farewell 1.0.0", PluginState::active);
  EXPECT_EQ(count("test/farewell 1.0.0", PluginState::loading), 2);
  EXPECT_EQ(count("test/farewell 1.0.0", PluginState::unloaded), 1);
  EXPECT_EQ(loader_->plugins().size(), 2u);
}

TEST_F(Leave, AVersionFromItsPrivateCopyLeavesToo) {
  // As a host that ran it leaves it behind.
  const std::string sha256 = *hash_file(fixture("counter-1.0.0.so"));
  fs::create_directory(options_.state);
  fs::permissions(options_.state, fs::perms::owner_all);
  test::write_file(options_.state / (sha256 + ".so"), test::read_file(fixture("counter-1.0.0.so")));
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.needed.push_back({"test", "counter", "1.0.0", sha256, 3, 0});
  }
  folder();
  start();
  wait_for("test/counter 1.0.0", PluginState::draining);
  {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.needed.clear();
  }
  EXPECT_TRUE(is_mapped(sha256));
  catalogue_.set_open_tasks("test/counter 1.0.0", 0);
  wait_for("test/counter 1.0.0", PluginState::unloaded);
  EXPECT_FALSE(is_mapped(sha256));
  EXPECT_TRUE(fs::exists(options_.state / (sha256 + ".so"))) << "for a task that was just being created";
}

TEST_F(Leave, RollbackByRemovingTheNewerFile) {
  start();
  load("counter-1.0.0.so", "test/counter 1.0.0");
  const auto newer = load("counter-1.1.0.so", "test/counter 1.1.0");
  EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.1.0"})");
  remove("counter-1.1.0.so", "test/counter 1.1.0");
  wait_for("test/counter 1.1.0", PluginState::unloaded);
  EXPECT_FALSE(is_mapped(newer.sha256));
  EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.0.0"})");
  drop("counter-1.1.0.so");
  wait_for("test/counter 1.1.0", PluginState::active);
  EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.1.0"})") << "loaded anew, with a count of its own";
}

TEST_F(Leave, WhatIsMarkedToStayIsResident) {
  start();
  const auto active = load("nodelete-1.0.0.so", "test/nodelete 1.0.0");
  remove("nodelete-1.0.0.so", "test/nodelete 1.0.0");
  const auto stays = wait_for("test/nodelete 1.0.0", PluginState::resident);
  EXPECT_NE(stays.reason.find("stays in the process"), std::string::npos) << stays.reason;
  EXPECT_TRUE(is_mapped(active.sha256));
  drop("nodelete-1.0.0.so");
  wait_for("test/nodelete 1.0.0", PluginState::active);
  EXPECT_EQ(run("nodelete", "").payload, "{}");
  EXPECT_EQ(loader_->plugins().size(), 1u);
}

TEST_F(Leave, AThreadThatRanItMayKeepItUntilTheThreadEnds) {
  start();
  const auto active = load("thread_local-1.0.0.so", "test/thread_local 1.0.0");
  std::promise<void> end;
  std::promise<void> has_run;
  std::thread worker([&] {
    run("thread_local", "");
    has_run.set_value();
    end.get_future().wait();
  });
  has_run.get_future().wait();
  remove("thread_local-1.0.0.so", "test/thread_local 1.0.0");
  wait_for("test/thread_local 1.0.0", PluginState::resident);
  EXPECT_TRUE(is_mapped(active.sha256));
  end.set_value();
  worker.join();
  EXPECT_EQ(wait_for("test/thread_local 1.0.0", PluginState::unloaded).reason, "it has left the process at last");
  EXPECT_FALSE(is_mapped(active.sha256));
}

// An exception's destructor is the plugin's code.
TEST_F(Leave, AThrownExceptionIsGoneBeforeThePlugin) {
  options_.drain_look = std::chrono::milliseconds(1);
  start();
  for (int round = 0; round < 20; ++round) {
    load("throws-1.0.0.so", "test/throws 1.0.0");
    auto loaded = std::make_unique<engine::LoadedTemplate>(registry_.find("test", "throws", "")->loaded);
    std::thread worker([&] {
      auto mine = std::move(loaded);
      EXPECT_EQ(run(*mine, R"({"what": "own"})").code, "plugin.threw");
    });
    remove("throws-1.0.0.so", "test/throws 1.0.0");
    worker.join();
    wait_for("test/throws 1.0.0", PluginState::unloaded);
  }
}

TEST_F(Leave, HundredsOfRoundsLeaveNothingBehind) {
  options_.settle = std::chrono::milliseconds(0);
  options_.drain_look = std::chrono::milliseconds(1);
  start();
  folder();
  const std::string bytes = test::read_file(fixture("counter-1.0.0.so"));
  const auto round = [&] {
    test::write_file(file("counter"), bytes);
    fs::rename(file("counter"), folder() / "counter-1.0.0.so");  // whole at once: nothing settles here
    wait_for("test/counter 1.0.0", PluginState::active);
    EXPECT_EQ(run("counter", "").payload, R"({"count":1,"version":"1.0.0"})");
    remove("counter-1.0.0.so", "test/counter 1.0.0");
    wait_for("test/counter 1.0.0", PluginState::unloaded);
    forget_events();  // the test's own records grow
  };
  const auto resident_pages = [] {
    std::ifstream in("/proc/self/statm");
    long size = 0, pages = 0;
    in >> size >> pages;
    return pages;
  };
#if defined(__SANITIZE_THREAD__)
  const std::string mapped = ".so";  // its shadow memory is mapped piece by piece
#else
  const std::string mapped;
#endif
  for (int i = 0; i < kRounds / 5; ++i) round();  // what grows once has grown
  const auto maps = count_in("/proc/self/maps", mapped), threads = static_cast<int>(entries_of("/proc/self/task"));
  const auto descriptors = entries_of("/proc/self/fd");
  const long pages = resident_pages();
  for (int i = 0; i < kRounds; ++i) round();
  EXPECT_LE(count_in("/proc/self/maps", mapped), maps + 8);
  EXPECT_LE(entries_of("/proc/self/task"), threads + 1);
  EXPECT_LE(entries_of("/proc/self/fd"), descriptors + 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(resident_pages(), pages + 512) << "2 MiB";
#else
  (void)pages;
#endif
  EXPECT_EQ(loader_->plugins().size(), 1u);
  EXPECT_EQ(entries_of(options_.state), 1);
}

}  // namespace
}  // namespace tasker::plugin
