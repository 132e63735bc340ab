// What becomes of a host's work when it leaves or dies: found by others however the host went, and rightly ended where its
// task was cancelled meanwhile.
#include <atomic>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

class Takeover : public ::testing::Test {
 protected:
  Takeover() : shape(world.publish("two", "a; b: a")), other(world.another_host()) {}

  int reclaim() {
    return *await<int>([&](auto reply) { world.store().reclaim(other, {world.host()}, reply); });
  }
  int leave() {
    return *await<int>([&](auto reply) { world.store().leave(world.host(), reply); });
  }
  std::vector<engine::Heartbeat> beat() {
    return *await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(other, reply); });
  }

  PgWorld world;
  Published shape;
  HostId other{};
};

// A host that left is told like a dead one until somebody has looked at what it held.
TEST_F(Takeover, OthersAreToldOfAHostThatLeftWithSteps) {
  const TaskId task = world.submit_one(shape.template_id);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_plugin"), "1");
  EXPECT_EQ(leave(), 1);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_plugin"), "0") << "it offers no handlers any more";
  const auto told = beat();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].host, world.host());
  EXPECT_EQ(told[0].counter, -1);
  EXPECT_EQ(reclaim(), 1);
  EXPECT_EQ(world.step_state({task, 1}), "ready");
  EXPECT_TRUE(beat().empty());
}

TEST_F(Takeover, ALostStepOfACancelledTaskEndsWithIt) {
  const TaskId task = world.submit_one(shape.template_id);
  world.cancel(task);
  EXPECT_EQ(world.sql.value("select finished_at is null from tasker.task"), "t") << "its step still runs";
  EXPECT_EQ(reclaim(), 1);
  EXPECT_EQ(world.step_state({task, 1}), "cancelled");
  EXPECT_EQ(world.task_state(task), "cancelled");
  EXPECT_EQ(world.sql.value("select finished_at is null from tasker.task"), "f");
  EXPECT_EQ(world.settle(task), 0);
}

TEST_F(Takeover, AStepOfACancelledTaskThatIsHandedBackEndsWithIt) {
  const auto claimed = world.submit(shape.template_id).claimed.at(0);
  world.cancel(claimed.step.task);
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().hand_back(world.host(), {{claimed.step, claimed.claim_no}}, reply); }), 1);
  EXPECT_EQ(world.step_state(claimed.step), "cancelled");
  EXPECT_EQ(world.settle(claimed.step.task), 0);
}

// Lost attempts are counted apart, so the innocent step still has its whole budget of attempts.
TEST_F(Takeover, SpendsNothingOfTheBudget) {
  const TaskId task = world.submit_one(shape.template_id);
  HostId holder = world.host();
  for (int death = 0; death < 4; ++death) {
    EXPECT_EQ(*await<int>([&](auto reply) { world.store().reclaim(other, {holder}, reply); }), 1);
    holder = world.another_host();
    ASSERT_EQ(world.claim(task, 1, holder).size(), 1u);
  }
  EXPECT_EQ(world.sql.value("select attempts || ' ' || lost from tasker.step where ord = 1"), "0 4");
}

// Hosts that a step took down, as their records tell it: whether the record is read before or after the steps were taken
// back makes no difference.
class Crashes : public Takeover {
 protected:
  // A host whose process is `process`, with these steps in progress: one of task `guilty`, and one of each other.
  HostId run_on(const std::string& process, const std::vector<TaskId>& tasks) {
    const auto host = static_cast<HostId>(std::stoi(world.sql.value("select tasker.register_host('test', '1', '" + process + "', 9999)")));
    for (const TaskId task : tasks) EXPECT_EQ(world.claim(task, 1, host).size(), 1u);
    return host;
  }
  std::string noting(const std::string& process, TaskId task) {
    const auto claim = world.sql.value("select claim_no from tasker.step where ord = 1 and task_id = " + std::to_string(raw(task)));
    return "select host_id > 0, crashes from tasker.note_crash('" + process + "', " + std::to_string(raw(task)) + ", 1, " + claim +
           ", 'SIGSEGV', 'test/two 1.0.0', 'a', clock_timestamp())";
  }
  std::string note(const std::string& process, TaskId task) {
    const auto rows = world.sql.rows(noting(process, task));
    return rows.empty() ? "known" : rows[0][0] + " " + rows[0][1];
  }
  int take_over(HostId dead) {
    return *await<int>([&](auto reply) { world.store().reclaim(other, {dead}, reply); });
  }
  std::string lost(TaskId task) {
    return world.sql.value("select lost from tasker.step where ord = 1 and task_id = " + std::to_string(raw(task)));
  }
  std::string last_error(TaskId task) {
    return world.sql.value("select coalesce(error_code, '') || ': ' || message from tasker.attempt where task_id = " +
                           std::to_string(raw(task)) + " order by claim_no desc limit 1");
  }
  TaskId queued() { return world.submit_one(shape.template_id, 0); }
};

TEST_F(Crashes, TheSecondOneEndsTheStepAndCostsItsNeighboursNothing) {
  const TaskId guilty = queued(), innocent = queued();
  for (const std::string process : {"p1", "p2"}) {
    const HostId host = run_on(process, {guilty, innocent});
    EXPECT_EQ(note(process, guilty), process == "p1" ? "t 1" : "t 2");
    EXPECT_EQ(note(process, guilty), "known");
    EXPECT_EQ(take_over(host), 2);
  }
  EXPECT_EQ(world.step_state({guilty, 1}), "error");
  EXPECT_EQ(world.task_state(guilty), "error");
  EXPECT_TRUE(last_error(guilty).starts_with("plugin.crashed: it took host ")) << last_error(guilty);
  EXPECT_TRUE(last_error(guilty).ends_with(" down: SIGSEGV in plugin test/two 1.0.0, step a")) << last_error(guilty);
  EXPECT_EQ(world.step_state({innocent, 1}), "ready");
  EXPECT_EQ(lost(innocent) + lost(guilty), "00");
  EXPECT_EQ(world.settle(guilty) + world.settle(innocent), 0);
  world.check_rows();
}

TEST_F(Crashes, AreCountedAlsoWhenTheyBecomeKnownAfterTheTakeover) {
  const TaskId guilty = queued(), innocent = queued();
  for (const std::string process : {"p1", "p2"}) {
    const HostId host = run_on(process, {guilty, innocent});
    EXPECT_EQ(take_over(host), 2);
    EXPECT_EQ(world.step_state({guilty, 1}), "ready");
    EXPECT_EQ(note(process, guilty), process == "p1" ? "t 1" : "t 2");
  }
  EXPECT_EQ(world.step_state({guilty, 1}), "error") << "it waited for its third attempt";
  EXPECT_EQ(world.task_state(guilty), "error");
  EXPECT_TRUE(last_error(guilty).starts_with("plugin.crashed: it took host ")) << last_error(guilty);
  EXPECT_EQ(world.settle(guilty), 0);
  world.check_rows();
  // Nobody knows who took the third one down. Only that one is charged, for the other two are explained by now.
  EXPECT_EQ(take_over(run_on("p3", {innocent})), 1);
  EXPECT_EQ(lost(innocent), "1");
}

// Neither sees what the other has not committed yet: the later one waits, and finishes the sentence.
TEST_F(Crashes, ToldWhileTheStepsAreTakenBackAreInTheAttempt) {
  const TaskId guilty = queued();
  const auto host = std::to_string(raw(run_on("p1", {guilty})));
  SqlClient taker(world.db.conninfo()), teller(world.db.conninfo());
  world.sql.exec("update tasker.host set alive = false where host_id = " + host);
  taker.exec("begin");
  taker.exec("select tasker.reclaim_steps(" + std::to_string(raw(other)) + ", tasker.lane_of(" + std::to_string(raw(guilty)) +
             "), 10, clock_timestamp())");
  teller.start(noting("p1", guilty));
  world.sql.wait_until_blocked(teller.backend_pid());
  taker.exec("commit");
  EXPECT_TRUE(teller.finish().ok());
  EXPECT_EQ(last_error(guilty), ": it took host " + host + " down: SIGSEGV in plugin test/two 1.0.0, step a");
  EXPECT_EQ(world.step_state({guilty, 1}), "ready");
}

TEST_F(Crashes, OfAProcessThatIsNotKnownHereChangeNothing) {
  const TaskId task = queued();
  EXPECT_EQ(note("elsewhere", task), "f 0");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_crash"), "0");
}

// The folder of records of a host, with one in it.
class OneRecord final : public engine::CrashRecords {
 public:
  explicit OneRecord(engine::CrashRecord record) : record_(std::move(record)) {}
  std::vector<engine::CrashRecord> read() override {
    return is_there_ ? std::vector<engine::CrashRecord>{record_} : std::vector<engine::CrashRecord>{};
  }
  void forget(const engine::CrashRecord&) override { is_there_ = false; }
  void forget_if_old(const engine::CrashRecord&) override {}
  bool is_there() const { return is_there_; }

 private:
  const engine::CrashRecord record_;
  std::atomic<bool> is_there_{true};
};

// Its host's row was locked, say, when the record was found first: no other start or takeover need come for it to be noted.
TEST_F(Crashes, ThatCouldNotBeNotedAreNotedWithTheNextLookOfTheReconciler) {
  const TaskId guilty = queued();
  run_on("p1", {guilty});
  store::PgStore::Options options;
  const auto record = std::make_shared<OneRecord>(engine::CrashRecord{"p1", {{guilty, 1}, 1}, "SIGSEGV", "test/two 1.0.0", "a"});
  options.crashes = record;
  const auto store = world.another_store(options);
  ASSERT_TRUE(await<std::vector<engine::ClaimedStep>>([&](auto reply) { store->held(other, reply); }));
  world.sql.wait_for("select count(*) from tasker.host_crash", "1");
  store->stop();
  EXPECT_FALSE(record->is_there());
}

// A process may have had several lives; it is the last one that ended.
TEST_F(Crashes, BelongToTheLastLifeOfTheirProcess) {
  const TaskId guilty = queued();
  run_on("p1", {guilty});
  const HostId last = run_on("p1", {});
  EXPECT_EQ(note("p1", guilty), "t 1");
  EXPECT_EQ(world.sql.value("select host_id from tasker.host_crash"), std::to_string(raw(last)));
}

}  // namespace
}  // namespace tasker::test
