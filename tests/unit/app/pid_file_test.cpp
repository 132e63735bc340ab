// One pid file, one host: whoever holds it is known by its lock, not by the number that stands in it.
#include "app/pid_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "support/files.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

class PidFileTest : public testing::Test {
 protected:
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir_.path()), {})); }

  test::TempDir dir_;
  const std::string path_ = (dir_.path() / "tasker.pid").string();
  const std::string own_ = std::to_string(::getpid()) + "\n";
};

TEST_F(PidFileTest, LivesWithItsHolderAndLeavesNothing) {
  {
    const auto held = PidFile::write(path_);
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_EQ(test::read_file(path_), own_);
    const auto second = PidFile::write(path_);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("it names process " + std::to_string(::getpid()) + ", a tasker that is running"),
              std::string::npos) << second.error().message;
    EXPECT_EQ(files(), 1u);
  }
  EXPECT_EQ(files(), 0u);
}

TEST_F(PidFileTest, TakesOverWhatNobodyHolds) {
  for (const std::string& left : {std::string("1\n"), std::string(), std::string("not a number"), own_}) {
    test::write_file(path_, left);
    const auto held = PidFile::write(path_);
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_EQ(test::read_file(path_), own_);
  }
}

TEST_F(PidFileTest, LeavesAnothersFile) {
  auto held = PidFile::write(path_);
  ASSERT_TRUE(held);
  test::write_file(dir_.path() / "other", "1\n");
  fs::rename(dir_.path() / "other", path_);
  { const PidFile ended = std::move(*held); }
  EXPECT_EQ(test::read_file(path_), "1\n");
}

TEST_F(PidFileTest, FollowsNoLink) {
  test::write_file(dir_.path() / "victim", "precious");
  for (const std::string& name : {path_, path_ + "." + std::to_string(::getpid()) + ".new", path_ + ".new"}) {
    fs::create_symlink(dir_.path() / "victim", name);
    const auto held = PidFile::write(path_);
    EXPECT_EQ(held.has_value(), name != path_) << name;
    EXPECT_EQ(test::read_file(dir_.path() / "victim"), "precious") << name;
    fs::remove(name);
  }
}

// Each tells whether it has the file and keeps it until all have told.
TEST_F(PidFileTest, OfManyThatStartAtOnceOneHasIt) {
  std::array<int, 2> start{}, told{}, end{};
  for (auto* pipe : {&start, &told, &end}) ASSERT_EQ(::pipe2(pipe->data(), O_CLOEXEC), 0);
  constexpr int kHosts = 8;
  std::vector<pid_t> hosts;
  for (int i = 0; i < kHosts; ++i) {
    hosts.push_back(::fork());
    if (hosts.back() != 0) continue;
    ::close(start[1]);
    ::close(end[1]);
    char byte = 0;
    static_cast<void>(!::read(start[0], &byte, 1));
    const auto held = PidFile::write(path_);
    static_cast<void>(!::write(told[1], held ? "y" : "n", 1));
    static_cast<void>(!::read(end[0], &byte, 1));
    ::_exit(0);
  }
  ::close(start[1]);
  int holders = 0;
  for (int i = 0; i < kHosts; ++i) {
    char answer = 0;
    ASSERT_EQ(::read(told[0], &answer, 1), 1);
    holders += answer == 'y';
  }
  ::close(end[1]);
  for (const pid_t host : hosts) ::waitpid(host, nullptr, 0);
  for (const int file : {start[0], told[0], told[1], end[0]}) ::close(file);
  EXPECT_EQ(holders, 1);
}

}  // namespace
}  // namespace tasker::app
