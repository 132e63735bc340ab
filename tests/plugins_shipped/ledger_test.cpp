// Exactly one line for each idempotency key, whoever writes, and whatever kills them.
#include "shop/ledger.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/files.h"

namespace shop {
namespace {

using nlohmann::json;
using tasker::test::TempDir;
using Verdict = Ledger::Verdict;

json effect(int number) {
  return {{"idempotency_key", "key-" + std::to_string(number)}, {"amount_cents", number}};
}

std::map<std::string, int> count_keys(const std::filesystem::path& file) {
  std::map<std::string, int> counts;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) ++counts[json::parse(line).at("idempotency_key")];
  return counts;
}

void expect_each_key_once(const std::filesystem::path& file, std::size_t keys) {
  const auto counts = count_keys(file);
  EXPECT_EQ(counts.size(), keys);
  for (const auto& [key, count] : counts) EXPECT_EQ(count, 1) << key;
}

class LedgerTest : public testing::Test {
 protected:
  TempDir folder_;
  const std::filesystem::path file_ = folder_.path() / "books" / "ledger.jsonl";
};

TEST_F(LedgerTest, ASecondRecordOfAKeyReturnsTheFirst) {
  Ledger ledger(file_, true);
  json first = effect(1), second = effect(1);
  second["amount_cents"] = 99;
  EXPECT_EQ(ledger.record(first), Verdict::appended);
  EXPECT_EQ(ledger.record(second), Verdict::replayed);
  EXPECT_EQ(second, first);
  EXPECT_EQ(ledger.find("key-1"), first);
  EXPECT_EQ(ledger.find("key-2"), std::nullopt);
}

TEST_F(LedgerTest, AnExclusiveEffectBelongsToTheFirstKey) {
  Ledger ledger(file_, false);
  json first = effect(1), second = effect(2);
  first["exclusive"] = second["exclusive"] = "payment of order 7";
  EXPECT_EQ(ledger.record(first), Verdict::appended);
  EXPECT_EQ(ledger.record(second), Verdict::taken);
  EXPECT_EQ(second["idempotency_key"], "key-1");
  EXPECT_EQ(ledger.holder("payment of order 7"), first);
}

TEST_F(LedgerTest, WhatAnotherAppendedIsSeenAtOnce) {
  Ledger one(file_, false), two(file_, false);
  json first = effect(1), again = effect(1);
  one.record(first);
  EXPECT_EQ(two.record(again), Verdict::replayed);
}

TEST_F(LedgerTest, AnEffectMayHoldSeveralExclusives) {
  Ledger ledger(file_, false);
  json first = effect(1), second = effect(2);
  first["exclusive"] = {"username ann", "email ann@mail.example"};
  second["exclusive"] = {"username bob", "email ann@mail.example"};
  EXPECT_EQ(ledger.record(first), Verdict::appended);
  EXPECT_EQ(ledger.record(second), Verdict::taken);
  EXPECT_EQ(second, first);
  EXPECT_EQ(ledger.holder("username bob"), std::nullopt);
}

TEST_F(LedgerTest, MovesAddUpByAccountAndNeverFallBelowTheFloor) {
  const auto take = [](int number, std::int64_t pieces) {
    json taken = effect(number);
    taken["moves"] = {{"stock of 7", -pieces}};
    return taken;
  };
  const Ledger::Floors floors = {{"stock of 7", -5}};
  {
    Ledger ledger(file_, false);
    json first = take(1, 3), second = take(2, 3), third = take(3, 2);
    EXPECT_EQ(ledger.record(first, floors), Verdict::appended);
    EXPECT_EQ(ledger.record(second, floors), Verdict::short_of);
    EXPECT_EQ(ledger.find("key-2"), std::nullopt);
    EXPECT_EQ(ledger.record(third, floors), Verdict::appended);
    json again = take(1, 3);
    EXPECT_EQ(ledger.record(again, floors), Verdict::replayed);
  }
  EXPECT_EQ(Ledger(file_, false).balance("stock of 7"), -5);
}

TEST_F(LedgerTest, ATornLastLineHasNotHappened) {
  {
    json first = effect(1);
    Ledger(file_, false).record(first);
  }
  std::ofstream(file_, std::ios::app) << R"({"idempotency_key": "key-2", "amount)";
  Ledger ledger(file_, false);
  EXPECT_EQ(ledger.find("key-2"), std::nullopt);
  json second = effect(2);
  EXPECT_EQ(ledger.record(second), Verdict::appended);
  expect_each_key_once(file_, 2);
}

TEST_F(LedgerTest, ATornLineLeftWhileInUseIsCutOff) {
  Ledger ledger(file_, false);
  json first = effect(1), second = effect(2);
  ledger.record(first);
  std::ofstream(file_, std::ios::app) << "{\"idem";
  ledger.record(second);
  expect_each_key_once(file_, 2);
}

TEST_F(LedgerTest, AWholeLineThatIsNoEffectIsRefused) {
  std::filesystem::create_directories(file_.parent_path());
  std::ofstream(file_) << "not an effect\n";
  EXPECT_THROW(Ledger(file_, false), LedgerError);
}

TEST_F(LedgerTest, AFileTakenAwayWhileInUseIsAnErrorAndNotAFreshStart) {
  Ledger ledger(file_, false);
  json first = effect(1), second = effect(2);
  ledger.record(first);
  std::filesystem::remove(file_);
  EXPECT_THROW(ledger.record(second), LedgerError);
}

TEST_F(LedgerTest, ManyThreadsAndTwoOwnersWriteEachKeyOnce) {
  Ledger one(file_, false), two(file_, false);
  std::atomic<int> appended = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      Ledger& ledger = t % 2 == 0 ? one : two;
      for (int i = 0; i < 200; ++i) {
        json mine = effect((i + t * 25) % 200);
        if (ledger.record(mine) == Verdict::appended) ++appended;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(appended, 200);
  expect_each_key_once(file_, 200);
}

// Forks while it has no threads; the child works until it is killed somewhere in the middle.
pid_t start_writer(const std::filesystem::path& file) {
  const pid_t child = fork();
  if (child != 0) return child;
  Ledger ledger(file, false);
  for (int i = 0; i < 1000; ++i) {
    json mine = effect(i);
    ledger.record(mine);
  }
  _exit(0);
}

TEST_F(LedgerTest, KilledWritersLoseAndDoubleNothing) {
  { Ledger made(file_, false); }
  for (const std::uintmax_t size : {2'000U, 9'000U, 20'000U}) {
    const pid_t first = start_writer(file_), second = start_writer(file_);
    while (std::filesystem::file_size(file_) < size) std::this_thread::yield();
    kill(first, SIGKILL);
    kill(second, SIGKILL);
    waitpid(first, nullptr, 0);
    waitpid(second, nullptr, 0);
  }
  Ledger ledger(file_, false);
  for (int i = 0; i < 1000; ++i) {
    json mine = effect(i);
    ledger.record(mine);
    EXPECT_EQ(mine, effect(i));
  }
  expect_each_key_once(file_, 1000);
}

// Forks as above; the child takes single pieces under keys of its own, and exits with how many it got.
pid_t start_taker(const std::filesystem::path& file, int first_key, int floor) {
  const pid_t child = fork();
  if (child != 0) return child;
  Ledger ledger(file, false);
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    json mine = effect(first_key + i);
    mine["moves"] = {{"stock of 7", -1}};
    if (ledger.record(mine, {{"stock of 7", -floor}}) == Verdict::appended) ++taken;
  }
  _exit(taken);
}

TEST_F(LedgerTest, TwoProcessesShareWhatIsInStockToTheLastPiece) {
  { Ledger made(file_, false); }
  constexpr int kStock = 151;  // each wants 100
  const pid_t one = start_taker(file_, 1000, kStock), two = start_taker(file_, 2000, kStock);
  int got_one = 0, got_two = 0;
  ASSERT_EQ(waitpid(one, &got_one, 0), one);
  ASSERT_EQ(waitpid(two, &got_two, 0), two);
  ASSERT_TRUE(WIFEXITED(got_one) && WIFEXITED(got_two));
  EXPECT_EQ(WEXITSTATUS(got_one) + WEXITSTATUS(got_two), kStock);
  EXPECT_EQ(Ledger(file_, false).balance("stock of 7"), -kStock);
}

}  // namespace
}  // namespace shop
