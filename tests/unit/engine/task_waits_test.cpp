#include "engine/task_waits.h"

#include <gtest/gtest.h>

#include <set>

#include "support/manual_executor.h"

namespace tasker::engine {
namespace {

// Knows which tasks have ended, and answers when it is told to.
class EndedOnly final : public Reader {
 public:
  void ended_tasks(std::vector<TaskId> tasks, Reply<std::vector<TaskId>> reply) override {
    asked.push_back(tasks);
    reply_ = [this, tasks = std::move(tasks), reply = std::move(reply)] {
      if (away) return reply(make_error(Code::database_unavailable, "away", Retry::later));
      std::vector<TaskId> out;
      for (const TaskId task : tasks) {
        if (ended.contains(task)) out.push_back(task);
      }
      reply(std::move(out));
    };
    if (!holding) answer();
  }
  void answer() { std::exchange(reply_, {})(); }

  void list_tasks(TaskFilter, Reply<std::string>) override {}
  void show_task(TaskId, Reply<std::string>) override {}
  void list_namespaces(Page, Reply<std::string>) override {}
  void list_handlers(std::string, Page, Reply<std::string>) override {}
  void show_handler(std::string, std::string, std::string, Reply<std::string>) override {}
  void list_plugins(Page, Reply<std::string>) override {}
  void show_plugin(PluginName, Reply<std::string>) override {}
  void show_default(std::string, std::string, Reply<std::string>) override {}
  void missing_defaults(Reply<std::string>) override {}
  void find_key(IdempotencyKey, Reply<std::vector<TaskId>>) override {}
  void handler_versions(std::string, std::string, Reply<std::vector<HandlerVersion>>) override {}
  void queue_gauges(Reply<QueueGauges>) override {}
  void ping(Reply<Micros>) override {}

  std::set<TaskId> ended;
  bool away = false, holding = false;
  std::vector<std::vector<TaskId>> asked;

 private:
  std::function<void()> reply_;
};

class TaskWaitsTest : public ::testing::Test {
 protected:
  void wait(int task, Millis longest) {
    waits_.wait(TaskId{task}, longest, [this, task] { done_.push_back(task); });
    executor_.run();
  }
  void pass(Millis time) { executor_.advance(time); }

  test::ManualExecutor executor_;
  EndedOnly reader_;
  TaskWaits waits_{executor_, reader_};
  std::vector<int> done_;
};

TEST_F(TaskWaitsTest, AnEndHereIsToldAtOnce) {
  wait(1, Millis(10'000));
  wait(2, Millis(10'000));
  waits_.ended(TaskId{2});
  EXPECT_EQ(done_, std::vector<int>{2});
  waits_.ended(TaskId{3});
  pass(Millis(20'000));
  EXPECT_EQ(done_, (std::vector<int>{2, 1})) << "the other at its deadline";
}

TEST_F(TaskWaitsTest, ATaskThatHadEndedBeforeIsNotWaitedFor) {
  reader_.ended = {TaskId{1}};
  wait(1, Millis(10'000));
  EXPECT_EQ(done_, std::vector<int>{1});
  const auto asked = reader_.asked.size();
  pass(Millis(60'000));
  EXPECT_EQ(reader_.asked.size(), asked) << "nobody waits, nobody asks";
}

TEST_F(TaskWaitsTest, EndsElsewhereAreFoundByOneQueryForAll) {
  for (int task = 1; task <= 50; ++task) wait(task, Millis(60'000));
  reader_.asked.clear();
  pass(Millis(5'000));
  EXPECT_GE(reader_.asked.size(), 8u);
  EXPECT_LE(reader_.asked.size(), 11u) << "twice a second, however many wait";
  EXPECT_EQ(reader_.asked.back().size(), 50u);
  reader_.ended = {TaskId{7}};
  pass(Millis(1'000));
  EXPECT_EQ(done_, std::vector<int>{7});
}

TEST_F(TaskWaitsTest, WaitsThatAreAnsweredLeaveNoTimersBehind) {
  for (int task = 1; task <= 100; ++task) {
    wait(task, Millis(60'000));
    waits_.ended(TaskId{task});
  }
  EXPECT_EQ(done_.size(), 100u);
  EXPECT_LE(executor_.timers(), 1u);
}

TEST_F(TaskWaitsTest, ADeadlineHoldsWhileAQueryIsUnderWay) {
  reader_.holding = true;
  wait(1, Millis(1'200));
  pass(Millis(1'199));
  EXPECT_TRUE(done_.empty());
  pass(Millis(1));
  EXPECT_EQ(done_, std::vector<int>{1});
}

TEST_F(TaskWaitsTest, SeveralWaitForOneTask) {
  wait(1, Millis(1'000));
  wait(1, Millis(60'000));
  pass(Millis(1'001));
  EXPECT_EQ(done_.size(), 1u);
  waits_.ended(TaskId{1});
  EXPECT_EQ(done_.size(), 2u);
}

TEST_F(TaskWaitsTest, ADatabaseThatIsAwayCostsNoWait) {
  reader_.away = true;
  wait(1, Millis(3'000));
  pass(Millis(1'000));
  EXPECT_TRUE(done_.empty());
  reader_.away = false;
  reader_.ended = {TaskId{1}};
  pass(Millis(1'000));
  EXPECT_EQ(done_, std::vector<int>{1});
}

TEST_F(TaskWaitsTest, WhoComesDuringAQueryIsAskedForBehindIt) {
  reader_.holding = true;
  wait(1, Millis(60'000));
  reader_.ended = {TaskId{2}};
  wait(2, Millis(60'000));
  EXPECT_EQ(reader_.asked.size(), 1u);
  reader_.holding = false;
  reader_.answer();
  executor_.run();
  EXPECT_EQ(done_, std::vector<int>{2});
}

TEST_F(TaskWaitsTest, AStopEndsAllWaitsAndThoseToCome) {
  wait(1, Millis(60'000));
  wait(2, Millis(60'000));
  waits_.end_all();
  executor_.run();
  EXPECT_EQ(done_.size(), 2u);
  wait(3, Millis(60'000));
  EXPECT_EQ(done_.size(), 3u);
}

}  // namespace
}  // namespace tasker::engine
