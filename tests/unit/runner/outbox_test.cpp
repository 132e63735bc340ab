// A runner's way out: what one thread has put down and another is writing.
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <string>
#include <thread>

#include "runner/outbox.h"

namespace tasker::runner {
namespace {

constexpr std::size_t kMoreThanASocketHolds = std::size_t{8} << 20;

TEST(Outbox, IsFlushedOnlyWhenTheThreadThatWritesHasWrittenTheOthersFrames) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  Outbox outbox(ends[0]);
  std::thread writer([&] { outbox.send([](std::string& to) { to.append(kMoreThanASocketHolds, 'a'); }); });
  char first = 0;
  ASSERT_EQ(::read(ends[1], &first, 1), 1);  // it is writing now, and cannot end
  outbox.send([](std::string& to) { to += "the last word"; });  // handed over

  auto flushed = std::async(std::launch::async, [&] { outbox.flush(); });
  EXPECT_EQ(flushed.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  std::string rest(64 * 1024, '\0'), read;
  for (std::size_t left = kMoreThanASocketHolds - 1 + std::string("the last word").size(); left > 0;) {
    const auto got = ::read(ends[1], rest.data(), rest.size());
    ASSERT_GT(got, 0);
    left -= static_cast<std::size_t>(got);
    read.append(rest, 0, static_cast<std::size_t>(got));
  }
  flushed.get();
  writer.join();
  EXPECT_TRUE(read.ends_with("the last word"));
  for (const int end : ends) ::close(end);
}

}  // namespace
}  // namespace tasker::runner
