// Memory that runs out inside the guard, at every allocation in turn. The program's own operator new fails on demand,
// which is why this is a file of its own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "fake_host.h"

namespace {

// Allocations of this thread until one fails; negative: none fails.
thread_local int allocations_left = -1;

void* allocate(std::size_t size) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

const char* const kLong = "a message that is much too long for the small buffer inside a string";

TEST(SdkGuard, KeepsEveryFailedAllocationInside) {
  bool reached_end = false;
  for (int budget = 0; budget < 100 && !reached_end; ++budget) {
    tasker_outcome out{};
    out.struct_size = sizeof out;
    allocations_left = budget;
    tasker::guard(&out, [] { throw tasker::PermanentError(kLong, kLong); });
    reached_end = allocations_left > 0;
    allocations_left = -1;
    const auto outcome = abi_test::Outcome::take(out);
    EXPECT_EQ(outcome.kind, reached_end ? TASKER_FAIL : outcome.kind);
    EXPECT_TRUE(outcome.kind == TASKER_RETRY || outcome.kind == TASKER_FAIL) << budget;
    EXPECT_FALSE(outcome.message.empty()) << budget;
  }
  EXPECT_TRUE(reached_end);
}

// A string: the JSON library needs memory even to destroy arrays and objects, and nothing can be done about that here.
TEST(SdkGuard, KeepsFailedAllocationsOfTheResultInside) {
  for (int budget = 0; budget < 10; ++budget) {
    tasker_outcome out{};
    out.struct_size = sizeof out;
    allocations_left = budget;
    tasker::guard(&out, [] { return tasker::Json(kLong); });
    allocations_left = -1;
    const auto outcome = abi_test::Outcome::take(out);
    EXPECT_TRUE(outcome.kind == TASKER_RETRY || outcome.kind == TASKER_OK) << budget;
  }
}

}  // namespace
