// How much work a host may hold.
#include "engine/room.h"

#include <gtest/gtest.h>

namespace tasker::engine {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

TEST(Room, BeginsWithTheFreeSlotsAndAsManyPrefetched) {
  Room room(4, 100);
  EXPECT_EQ(room.free(), 8);
  room.take(3);
  EXPECT_EQ(room.free(), 5);
  room.give(1);
  EXPECT_EQ(room.free(), 6);
}

TEST(Room, CountsCallsUnderWayAsIfTheyTookAllTheyAskedFor) {
  Room room(4, 100);
  room.reserve(8);
  EXPECT_EQ(room.free(), 0);
  room.take(2);  // the answer brought two
  room.unreserve(8);
  EXPECT_EQ(room.free(), 6);
}

TEST(Room, AnEndedHandlerFreesItsSlotBeforeItsOutcomeIsRecorded) {
  Room room(4, 100);
  room.take(8);
  EXPECT_EQ(room.free(), 0);
  room.end(8);
  EXPECT_EQ(room.free(), 8);
}

TEST(Room, BoundsAllThatIsHeldHoweverManyHandlersHaveEnded) {
  Room room(4, 10);
  room.take(8);
  room.end(8);
  EXPECT_EQ(room.free(), 2);
  room.take(2);
  room.end(2);
  EXPECT_EQ(room.free(), 0) << "outcomes that wait for their commit take memory";
}

TEST(Room, ThePrefetchIsWorkOfAMomentAtTheRateSeen) {
  Room room(4, 5'000);
  room.adapt(0, kStart);
  room.adapt(1'000, kStart + 100ms);  // 10,000 a second
  EXPECT_EQ(room.free(), 4 + 1'500);
}

TEST(Room, ThePrefetchNeverExceedsWhatMayBeHeld) {
  Room room(4, 300);
  room.adapt(0, kStart);
  room.adapt(1'000, kStart + 100ms);
  EXPECT_EQ(room.free(), 300);
}

TEST(Room, ThePrefetchFallsByHalvesAndRisesAtOnce) {
  Room room(4, 5'000);
  room.adapt(0, kStart);
  room.adapt(1'000, kStart + 100ms);
  room.adapt(1, kStart + 200ms);  // 10 a second: one slow moment
  EXPECT_EQ(room.free(), 4 + 750);
  auto now = kStart + 200ms;
  for (int i = 0; i < 20; ++i) room.adapt(1, now += 1s);
  EXPECT_EQ(room.free(), 4) << "slow handlers hoard nothing that another host could run";
  room.adapt(1'000, now + 100ms);
  EXPECT_EQ(room.free(), 4 + 1'500);
}

TEST(Room, LooksAtARateOnlyOverALongEnoughSpan) {
  Room room(4, 5'000);
  room.adapt(0, kStart);
  room.adapt(500, kStart + 10ms);
  EXPECT_EQ(room.free(), 8) << "ten milliseconds say nothing";
  room.adapt(500, kStart + 100ms);
  EXPECT_EQ(room.free(), 4 + 1'500) << "what was seen meanwhile counts";
}

TEST(Room, IsNoneWhileClosed) {
  Room room(4, 100);
  room.close();
  EXPECT_EQ(room.free(), 0);
  room.open();
  EXPECT_EQ(room.free(), 8);
}

TEST(Room, AClaimIsWorthItsRoundTripOnlyForMoreThanAFew) {
  Room room(16, 4'096);
  EXPECT_EQ(room.worth_claiming(), 4);
  room.adapt(0, kStart);
  room.adapt(1'000, kStart + 100ms);
  EXPECT_EQ(room.worth_claiming(), 64);
  EXPECT_EQ(Room(1, 100).worth_claiming(), 1);
}

}  // namespace
}  // namespace tasker::engine
