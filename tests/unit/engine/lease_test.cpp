// A host that cannot renew its heartbeat stops starting work before others may take over; a dead one's work is taken over.
#include "support/story.h"

#include <mutex>
#include <thread>

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

const Error kAway{Code::database_unavailable, "the database is away", Retry::later};
constexpr engine::LivenessOptions kQuick{10ms, 400ms};

engine::EngineOptions one_worker() {
  engine::EngineOptions options;
  options.workers = 1;
  options.start_within = 10h;
  return options;
}

TEST(Lease, AHostThatCannotRenewStartsNothingAndTellsItsHandlers) {
  Story story("a\nb: a", one_worker(), kQuick);
  const TaskId first = story.submit();
  const TaskId second = story.submit();  // waits in the pool
  const auto stop = story.input("a").stop;
  story.store.hold_next("heartbeat");
  ASSERT_TRUE(story.eventually([&] { return (stop->load() & engine::kStopLeaseLost) != 0; }));
  EXPECT_NE(story.engine->trouble(), "");
  story.finish("a", "1", first);
  EXPECT_EQ(story.running(), Names{}) << "the pool enters nothing";
  EXPECT_EQ(story.state("b", first), "ready") << "nothing is claimed either";
  story.advance(5s);
  EXPECT_EQ(story.state("b", first), "ready");

  story.store.release();
  ASSERT_TRUE(story.eventually([&] { return story.running() == Names{"a"}; }));
  story.finish("a", "1", second);
  ASSERT_TRUE(story.eventually([&] { return story.running() == Names{"b"}; }));
}

TEST(Lease, ABeatThatFailsCountsLikeOneThatIsNotAnswered) {
  Story story("a", {}, kQuick);
  story.submit();
  const auto stop = story.input("a").stop;
  for (int i = 0; i < 1'000; ++i) story.store.fail_next("heartbeat", kAway, false);
  ASSERT_TRUE(story.eventually([&] { return (stop->load() & engine::kStopLeaseLost) != 0; }));
}

// By the clock that others go by, which began with the last beat they saw.
TEST(Lease, WorkStopsBeforeOthersMayTakeOver) {
  MemoryStore store([] { return std::chrono::steady_clock::now(); });
  HostId host{};
  store.register_host({}, [&](Result<HostId> id) { host = *id; });
  constexpr engine::LivenessOptions options{5ms, 2'000ms};
  std::mutex mutex;
  std::optional<engine::Millis> silent;
  engine::Liveness* self = nullptr;
  engine::Liveness liveness(store, options, {[](const auto&) {}, [](HostId) {}, [&](bool well) {
    const std::lock_guard lock(mutex);
    if (!well && !silent) silent = self->since_last_beat();
  }});
  self = &liveness;
  store.hold_next("heartbeat");
  liveness.start(host);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  const auto told = [&] {
    const std::lock_guard lock(mutex);
    return silent.has_value();
  };
  while (!told() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  store.release();
  liveness.stop();
  ASSERT_TRUE(silent.has_value());
  EXPECT_LT(*silent, options.timeout);
}

TEST(Lease, ADeadHostTellsTheHandlersItAbandons) {
  Story story("a\nb");
  story.submit();
  const auto stop = story.input("b").stop;
  const HostId before = story.host;
  story.store.declare_dead(story.host);
  story.finish("a");
  ASSERT_TRUE(story.eventually([&] { return story.host != before; }));
  EXPECT_NE(stop->load() & engine::kStopLeaseLost, 0u);
}

// A beat is refused as well: a host without work learns of its death too.
TEST(Lease, AnIdleHostThatWasDeclaredDeadRegistersAnew) {
  Story story("a", {}, kQuick);
  const HostId before = story.host;
  story.store.declare_dead(before);
  EXPECT_TRUE(story.eventually([&] { return story.host != before; }));
}

TEST(Lease, TheWorkOfHostsThatDoNotBeatIsTakenOver) {
  Story story("a", one_worker(), kQuick);
  const auto plugins = std::make_shared<const std::vector<PluginId>>(std::vector{PluginId{1}});
  story.submit(2);
  for (int death = 1; death <= 2; ++death) {
    const TaskId task = story.submit();
    HostId other{};
    story.store.register_host({}, [&](Result<HostId> id) { other = *id; });
    std::vector<engine::ClaimedStep> taken;
    story.store.claim({other, static_cast<Lane>(raw(task) % story.store.lanes()), 1, plugins}, [&](auto steps) { taken = *steps; });
    ASSERT_EQ(taken.size(), 1u);
    story.store.fail_next("reclaim", kAway, false);  // the next beat asks again
    ASSERT_TRUE(story.eventually([&] { return story.state("a", task) == "ready"; })) << "death " << death;
  }
}

}  // namespace
}  // namespace tasker::test
