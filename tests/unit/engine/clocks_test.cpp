// An attempt's clock starts when its handler is entered, not when its step was claimed.
#include <future>

#include "engine/worker_pool.h"
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using engine::SteadyTime;

TEST(Clocks, TheTimeAnAttemptWaitedForAThreadIsNotItsOwn) {
  engine::EngineOptions options;
  options.workers = 1;
  options.start_within = 1h;
  Story story("a", options);
  const TaskId first = story.submit();
  const TaskId second = story.submit();
  story.advance(3s);
  story.finish("a", "1", first);
  story.advance(2s);
  story.finish("a", "1", second);
  EXPECT_EQ(story.step_row("a", first).history.at(0).ran, 3s);
  EXPECT_EQ(story.step_row("a", second).history.at(0).ran, 2s);
  EXPECT_EQ(story.step_row("a", second).history.at(0).ended, story.executor.now());
}

// Ends when it is told to.
class Gated final : public engine::Handler {
 public:
  bool is_async() const override { return false; }
  void run(const engine::AttemptInput&, std::function<void(engine::AttemptOutcome)> done) override {
    gate_.get_future().wait();
    done({});
  }
  void open() { gate_.set_value(); }

 private:
  std::promise<void> gate_;
};

TEST(Clocks, ThePoolReadsThemOnEnteringAndOnLeaving) {
  struct Times {
    SteadyTime entered, left;
  };
  std::promise<Times> ends[2];
  engine::WorkerPool pool(1, 1, [&](const engine::AttemptJob& job, engine::AttemptOutcome, SteadyTime entered, SteadyTime left) {
    ends[job.input.attempt - 1].set_value({entered, left});
  });
  std::shared_ptr<Gated> handlers[2];
  std::vector<std::shared_ptr<engine::AttemptJob>> jobs;
  for (int i = 0; i < 2; ++i) {
    handlers[i] = std::make_shared<Gated>();
    jobs.push_back(std::make_shared<engine::AttemptJob>());
    jobs.back()->handler = handlers[i];
    jobs.back()->input.attempt = i + 1;
    jobs.back()->claimed = std::chrono::steady_clock::now() - 1h;
  }
  const SteadyTime handed_in = std::chrono::steady_clock::now();
  pool.run(jobs);
  handlers[0]->open();
  const Times first = ends[0].get_future().get();
  handlers[1]->open();
  const Times second = ends[1].get_future().get();
  EXPECT_GE(first.entered, handed_in);
  EXPECT_LE(first.entered, first.left);
  EXPECT_GE(second.entered, first.left) << "one thread";
}

}  // namespace
}  // namespace tasker::test
