// The handler threads themselves: real threads, handlers that wait for the test.
#include "engine/worker_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <thread>

namespace tasker::engine {
namespace {

using namespace std::chrono_literals;

class CallingHandler final : public Handler {
 public:
  explicit CallingHandler(std::function<void()> call) : call_(std::move(call)) {}
  bool is_async() const override { return false; }
  void run(const AttemptInput&, std::function<void(AttemptOutcome)> done) override {
    call_();
    done({});
  }

 private:
  const std::function<void()> call_;
};

std::shared_ptr<AttemptJob> job(std::function<void()> call) {
  auto made = std::make_shared<AttemptJob>();
  made->handler = std::make_shared<CallingHandler>(std::move(call));
  made->claimed = std::chrono::steady_clock::now();
  return made;
}

TEST(WorkerPool, ClocksStartWhenTheHandlerIsEntered) {
  struct Times {
    SteadyTime entered, left;
  };
  std::promise<Times> first, second;
  std::atomic<int> ended{0};
  WorkerPool pool(1, 0, [&](const AttemptJob&, AttemptOutcome, SteadyTime entered, SteadyTime left) {
    (ended++ == 0 ? first : second).set_value({entered, left});
  });
  std::latch leave(1);
  const auto waits = job([] {});
  pool.run({job([&] { leave.wait(); }), waits});
  leave.count_down();
  const Times before = first.get_future().get(), after = second.get_future().get();
  EXPECT_GE(after.entered, before.left) << "the time in the queue is not the handler's";
  EXPECT_GE(after.entered, waits->claimed);
}

TEST(WorkerPool, TakesBackWhatNoThreadHasEntered) {
  std::latch entered(1), leave(1);
  WorkerPool pool(1, 0, [](const AttemptJob&, AttemptOutcome, SteadyTime, SteadyTime) {});
  const auto waits = job([] { ADD_FAILURE() << "was taken back"; });
  pool.run({job([&] {
              entered.count_down();
              leave.wait();
            }),
            waits});
  entered.wait();
  EXPECT_TRUE(pool.take_back(waits->claimed).empty()) << "claimed no earlier";
  const auto back = pool.take_back(SteadyTime::max());
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0], waits);
  leave.count_down();
}

TEST(WorkerPool, TakesBackTheLastBeyondWhatMayWait) {
  std::promise<void> ran;
  WorkerPool pool(1, 0, [&](const AttemptJob&, AttemptOutcome, SteadyTime, SteadyTime) { ran.set_value(); });
  pool.allow(false);
  const auto stays = job([] {}), second = job([] { ADD_FAILURE() << "was taken back"; });
  pool.run({stays, second});
  EXPECT_TRUE(pool.take_back_beyond(2).empty());
  const auto back = pool.take_back_beyond(1);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0], second);
  pool.allow(true);
  EXPECT_EQ(ran.get_future().wait_for(30s), std::future_status::ready);
}

TEST(WorkerPool, EntersNothingWhileItMayNot) {
  std::promise<void> ran;
  WorkerPool pool(2, 0, [&](const AttemptJob&, AttemptOutcome, SteadyTime, SteadyTime) { ran.set_value(); });
  pool.allow(false);
  pool.run({job([] {})});
  EXPECT_EQ(pool.take_back(SteadyTime::max()).size(), 1u);
  pool.run({job([] {})});
  pool.allow(true);
  EXPECT_EQ(ran.get_future().wait_for(30s), std::future_status::ready);
}

// A thread may enter a handler at the very moment of closing: either it does not, or it is left behind.
TEST(WorkerPool, ClosingNeverWaitsForAHandler) {
  for (int round = 0; round < 2'000; ++round) {
    auto leave = std::make_shared<std::promise<void>>();
    std::shared_future<void> may_leave = leave->get_future().share();
    WorkerPool pool(1, 0, [](const AttemptJob&, AttemptOutcome, SteadyTime, SteadyTime) {});
    pool.run({job([may_leave] { may_leave.wait_for(5s); })});
    const auto began = std::chrono::steady_clock::now();
    pool.close();
    const auto took = std::chrono::steady_clock::now() - began;
    leave->set_value();
    ASSERT_LT(took, 4s) << "round " << round;
  }
}

}  // namespace
}  // namespace tasker::engine
