// One call, one watch: whatever becomes of the socket's number meanwhile.
#include "store/call_watch.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <memory>

namespace tasker::store {
namespace {

using std::chrono::milliseconds;

class CallWatchTest : public testing::Test {
 protected:
  CallWatchTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0);
    const timeval patience{20, 0};
    ::setsockopt(ends_[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~CallWatchTest() override {
    for (const int end : ends_) ::close(end);
  }
  // Waits for it, as the peer sees it.
  bool is_cut_off() {
    char byte = 0;
    return ::recv(ends_[1], &byte, 1, 0) == 0;
  }

  std::array<int, 2> ends_{};
  Counters counters_;
  CallWatch watch_{counters_};
};

TEST_F(CallWatchTest, ACallThatTakesTooLongIsCutOffOnce) {
  const CallWatch::Guard guard(watch_, ends_[0], milliseconds(1));
  EXPECT_TRUE(is_cut_off());
  EXPECT_EQ(counters_.cut_off.load(), 1u);
}

// libpq closes a socket that broke while its call is still being watched, and the next connection gets its number.
TEST_F(CallWatchTest, TheEndOfACallDoesNotEndTheWatchOfAnotherWithItsSocketsNumber) {
  auto first = std::make_unique<CallWatch::Guard>(watch_, ends_[0], std::chrono::hours(1));
  const CallWatch::Guard second(watch_, ends_[0], milliseconds(1500));
  first.reset();
  EXPECT_TRUE(is_cut_off());
}

TEST_F(CallWatchTest, AClosedWatchCutsOffWhatBegins) {
  watch_.close();
  const CallWatch::Guard guard(watch_, ends_[0], std::chrono::hours(1));
  EXPECT_TRUE(is_cut_off());
}

}  // namespace
}  // namespace tasker::store
