// A connection that is lost with the answer of a call: the call was committed and nobody heard, or it is
// still under way while the caller asks again on a new connection. Nothing is done twice, nothing is lost.
#include "support/cut_proxy.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using engine::ClaimedStep;
using When = CutProxy::When;

class LostAnswers : public ::testing::Test {
 protected:
  LostAnswers() {
    store::PgStore::Options options;
    options.conninfo = proxy.conninfo();
    options.submit_patience = std::chrono::minutes(2);
    auto opened = store::PgStore::open(options);
    EXPECT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }

  engine::SubmitRequest request(TemplateId id, int count = 1, int room = 100) {
    engine::SubmitRequest made;
    made.host = world.host();
    made.room = room;
    made.plugins = world.plugins();
    made.tasks.resize(static_cast<std::size_t>(count));
    for (auto& task : made.tasks) task.template_id = id;
    return made;
  }
  Result<engine::SubmitAnswer> submit(const engine::SubmitRequest& wanted) {
    return await<engine::SubmitAnswer>([&](auto reply) { store->submit(wanted, reply); });
  }
  std::shared_ptr<engine::CompleteRequest> outcomes(const std::vector<ClaimedStep>& steps) {
    auto made = std::make_shared<engine::CompleteRequest>();
    *made = {world.host(), {}, 100, world.plugins()};
    for (const auto& step : steps) made->attempts.push_back(finished(step));
    return made;
  }
  Result<engine::CompleteAnswer> complete(const std::shared_ptr<engine::CompleteRequest>& wanted) {
    return await<engine::CompleteAnswer>([&](auto reply) { store->complete(wanted, reply); });
  }
  Result<std::vector<ClaimedStep>> claim(TaskId task) {
    const engine::ClaimRequest wanted{world.host(), lane_of(task), 100, world.plugins()};
    return await<std::vector<ClaimedStep>>([&](auto reply) { store->claim(wanted, reply); });
  }
  std::vector<ClaimedStep> held() {
    return *await<std::vector<ClaimedStep>>([&](auto reply) { store->held(world.host(), reply); });
  }
  Result<int> hand_back(const std::vector<Fence>& fences) {
    return await<int>([&](auto reply) { store->hand_back(world.host(), fences, reply); });
  }
  template <class T>
  static void expect_lost(const Result<T>& answer) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::database_unavailable) << answer.error().message;
    EXPECT_EQ(answer.error().retry, Retry::later);
  }
  void wait_for_blocked(int sessions) {
    world.sql.wait_for(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and cardinality(pg_blocking_pids(pid)) > 0",
        std::to_string(sessions));
  }
  void wait_for_cut() {
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         proxy.cuts() == 0 && std::chrono::steady_clock::now() < until;) {
      std::this_thread::yield();
    }
    ASSERT_EQ(proxy.cuts(), 1);
  }
  void expect_all_end(std::vector<ClaimedStep> claimed, int tasks) {
    world.run_to_end(std::move(claimed));
    EXPECT_EQ(world.sql.value(
                  "select count(*) || ' ' || count(*) filter (where state = 'complete') from tasker.task"),
              std::to_string(tasks) + " " + std::to_string(tasks));
    EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt where outcome <> 'ok' or claim_no > 2"),
              "0");
    world.check_rows();
  }

  PgWorld world;
  CutProxy proxy{world.db.conninfo()};
  std::unique_ptr<store::PgStore> store;
  SqlClient holder{world.db.conninfo()};
};

TEST_F(LostAnswers, ACommittedSubmitIsAnsweredByItsRepetition) {
  const auto linear = world.publish("linear", "a; b: a");
  proxy.cut_next("submit", When::answered);
  const auto answer = submit(request(linear.template_id, 20));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(proxy.cuts(), 1);
  EXPECT_EQ(answer->tasks.size(), 20u);
  EXPECT_EQ(answer->claimed.size(), 20u);
  const auto more = submit(request(linear.template_id));
  auto all = answer->claimed;
  all.insert(all.end(), more->claimed.begin(), more->claimed.end());
  expect_all_end(all, 21);
}

// The first call has written its tasks and not yet committed when the second one asks: only the end of the
// first tells. Had the ids gone back, the next submit would find its tasks "there already" and create
// nothing.
TEST_F(LostAnswers, ASubmitStillUnderWayIsWaitedFor) {
  const auto linear = world.publish("linear", "a; b: a");
  holder.exec(
      "begin; insert into tasker.step (lane, task_id, ord, pending_parents, plugin_id, state, retry_limit, "
      "retryable)"
      " values (0, 64, 1, 0, 1, 'ready', 3, true)");
  proxy.cut_next("submit", When::sent);
  Awaited<engine::SubmitAnswer> awaited;
  store->submit(request(linear.template_id, 3), awaited.reply());
  wait_for_cut();
  wait_for_blocked(2);  // the first by the holder, its repetition by the first
  holder.exec("rollback");
  const auto answer = awaited.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->claimed.size(), 3u);
  const auto more = submit(request(linear.template_id, 3));
  ASSERT_TRUE(more);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "6");
  EXPECT_EQ(more->claimed.size(), 3u);
  auto all = answer->claimed;
  all.insert(all.end(), more->claimed.begin(), more->claimed.end());
  expect_all_end(all, 6);
}

// The host dies between the lost call and its repetition: what the first call did stays unknown, so its ids
// are not used again.
TEST_F(LostAnswers, IdsOfASubmitThatMayBeThereAreNotUsedAgain) {
  const auto linear = world.publish("linear", "a; b: a");
  // The repetition is let in only once the host is dead: the row's lock keeps it waiting.
  proxy.cut_next("submit", When::answered);
  holder.exec(
      "create function public.die() returns trigger language plpgsql as $$ begin"
      " update tasker.host set alive = false; return null; end $$;"
      " create trigger die after insert on tasker.task execute function public.die()");
  const auto refused = submit(request(linear.template_id));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::host_dead);
  holder.exec("drop trigger die on tasker.task");
  auto next = request(linear.template_id);
  next.host = world.another_host();
  const auto answer = submit(next);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->claimed.size(), 1u);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "2");
}

TEST_F(LostAnswers, ACommittedCompleteIsAnsweredAgainWithItsChildren) {
  const auto fork = world.publish("fork", "a; b: a; c: a; d: b c");
  const auto first = world.submit(fork.template_id);
  const auto wanted = outcomes(first.claimed);
  proxy.cut_next("complete", When::answered);
  expect_lost(complete(wanted));
  const auto answer = complete(wanted);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(answer->stale.empty());
  ASSERT_EQ(answer->claimed.size(), 2u);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "1");
  expect_all_end(answer->claimed, 1);
}

TEST_F(LostAnswers, ACompleteStillUnderWayIsWaitedFor) {
  const auto fork = world.publish("fork", "a; b: a; c: a; d: b c");
  const auto first = world.submit(fork.template_id);
  const auto wanted = outcomes(first.claimed);
  for (const std::string end : {"commits", "is rolled back"}) {
    SCOPED_TRACE("the first call " + end);
    holder.exec("begin; select from tasker.step where ord = 2 for update");
    proxy.cut_next("complete", When::sent);
    expect_lost(complete(wanted));
    wait_for_blocked(1);
    const auto lost = world.sql.value(
        "select pid from pg_stat_activity where datname = current_database()"
        " and cardinality(pg_blocking_pids(pid)) > 0");
    Awaited<engine::CompleteAnswer> awaited;
    store->complete(wanted, awaited.reply());
    wait_for_blocked(2);
    if (end != "commits") world.sql.exec("select pg_cancel_backend(" + lost + ")");
    holder.exec("rollback");
    const auto answer = awaited.get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->stale.empty());
    EXPECT_EQ(answer->claimed.size(), 2u);
    EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "1");
    if (end == "commits") {
      world.sql.exec(
          "delete from tasker.attempt; update tasker.step set state = 'pending', claim_no = 0, host_id = "
          "null,"
          " pending_parents = 1 where ord in (2, 3); update tasker.step set state = 'in_progress', attempts "
          "= 0 where ord = 1");
    } else {
      expect_all_end(answer->claimed, 1);
    }
  }
}

// Nobody knows the claim but the database: the host asks what it holds.
TEST_F(LostAnswers, AClaimThatNobodyHeardOfIsHeldAndNotTakenTwice) {
  const auto two = world.publish("two", "a; b");
  const TaskId task = world.submit_one(two.template_id, 0);
  proxy.cut_next("claim", When::answered);
  expect_lost(claim(task));
  EXPECT_TRUE(claim(task)->empty());
  const auto mine = held();
  EXPECT_EQ(mine.size(), 2u);
  expect_all_end(mine, 1);
}

TEST_F(LostAnswers, AClaimStillUnderWayIsNotMadeTwice) {
  const auto two = world.publish("two", "a; b");
  const TaskId task = world.submit_one(two.template_id, 0);
  holder.exec("begin; select from tasker.task for update");
  proxy.cut_next("claim", When::sent);
  expect_lost(claim(task));
  wait_for_blocked(1);
  EXPECT_TRUE(held().empty()) << "not committed yet";
  EXPECT_TRUE(claim(task)->empty()) << "its rows are locked, and skipped";
  holder.exec("rollback");
  world.sql.wait_for("select count(*) from tasker.step where state = 'in_progress'", "2");
  const auto mine = held();
  EXPECT_EQ(mine.size(), 2u);
  EXPECT_EQ(world.sql.value("select max(claim_no) from tasker.step"), "1");
  expect_all_end(mine, 1);
}

TEST_F(LostAnswers, StepsHandedBackUnheardAreQueuedOnce) {
  const auto two = world.publish("two", "a; b");
  const auto submitted = world.submit(two.template_id);
  std::vector<Fence> fences;
  for (const auto& step : submitted.claimed) fences.push_back({step.step, step.claim_no});
  proxy.cut_next("hand_back", When::answered);
  expect_lost(hand_back(fences));
  EXPECT_EQ(*hand_back(fences), 0);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.ready_step"), "2");
  world.check_rows();
  expect_all_end(*claim(submitted.tasks[0]), 1);
}

// Handed back twice at once, and claimed in between: the second must not take from the new claim.
TEST_F(LostAnswers, AHandBackStillUnderWayTakesNothingFromALaterClaim) {
  const auto two = world.publish("two", "a; b");
  const auto submitted = world.submit(two.template_id);
  std::vector<Fence> fences;
  for (const auto& step : submitted.claimed) fences.push_back({step.step, step.claim_no});
  holder.exec("begin; select from tasker.task for update");
  proxy.cut_next("hand_back", When::sent);
  expect_lost(hand_back(fences));
  wait_for_blocked(1);
  Awaited<int> awaited;
  store->hand_back(world.host(), fences, awaited.reply());
  wait_for_blocked(2);
  holder.exec("rollback");
  EXPECT_EQ(*awaited.get(), 0) << "the first call gave them back";
  const auto again = world.claim(submitted.tasks[0]);
  EXPECT_EQ(again.size(), 2u);
  EXPECT_EQ(*hand_back(fences), 0) << "an old fence";
  expect_all_end(again, 1);
}

}  // namespace
}  // namespace tasker::test
