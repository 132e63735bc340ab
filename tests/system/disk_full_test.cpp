// The data folder on a disk that is full: at the start, and while the host runs. A small tmpfs stands for the disk, which
// takes root; elsewhere these are skipped.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

class SmallDisk {
 public:
  SmallDisk(std::filesystem::path folder, const std::string& size) : folder_(std::move(folder)) {
    std::filesystem::create_directory(folder_);
    const auto options = "mode=0755,size=" + size;
    is_mounted_ = ::mount("tasker-test", folder_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  bool is_mounted() const { return is_mounted_; }
  const std::string& why() const { return why_; }
  // Takes all that is left.
  void fill() const {
    std::ofstream filler(folder_ / "filler", std::ios::binary | std::ios::app);
    const std::string block(64 << 10, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void free() const { std::filesystem::remove(folder_ / "filler"); }

 private:
  std::filesystem::path folder_;
  bool is_mounted_ = false;
  std::string why_;
};

class DiskFull : public testing::Test {
 protected:
  std::unique_ptr<TaskerProcess> start() const {
    auto host = place_.dev({.grace_seconds = 5});
    EXPECT_TRUE(host->wait_until_ready());
    EXPECT_TRUE(eventually([&] { return host->http().has_loaded("echo"); }));
    return host;
  }
  // By the program, which waits longer than the host tries to write it.
  Finished submit(const TaskerProcess& host, std::size_t bytes) const {
    // Not compressible, so that it takes the room it looks like.
    std::string text;
    for (std::uint64_t state = bytes; text.size() < bytes; state = state * 6364136223846793005u + 1442695040888963407u)
      text += static_cast<char>('a' + (state >> 33) % 26);
    write_file(place_.path("context"), Json{{"text", text}}.dump());
    return run_tasker({"task", "submit", "test/echo", "--context", "@" + place_.path("context").string(), "--server",
                       "http://127.0.0.1:" + std::to_string(host.http().port())});
  }
  Workplace place_;
};

TEST_F(DiskFull, AtTheStartIsSaidAndLeavesNothingHalfMade) {
  const SmallDisk disk(place_.path("data"), "16m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted here: " << disk.why();
  const auto host = place_.dev();
  const auto code = host->wait_for_exit();
  ASSERT_TRUE(code);
  EXPECT_EQ(*code, 1) << host->output();
  EXPECT_THAT(host->output(), HasSubstr("postgres.start_failed"));
  EXPECT_THAT(host->output(), HasSubstr("No space left on device"));
  EXPECT_FALSE(std::filesystem::exists(place_.path("data/pgdata")));
}

// PostgreSQL either refuses what needs room, or ends because its log does; what was accepted is there afterwards.
TEST_F(DiskFull, WhileRunningLosesNothingThatWasAccepted) {
  const SmallDisk disk(place_.path("data"), "160m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted here: " << disk.why();
  place_.drop("test/echo-1.0.0.so");
  auto host = start();
  std::vector<std::int64_t> accepted{std::stoll(submit(*host, 1000).out)};
  disk.fill();
  Finished refused;
  ASSERT_TRUE(eventually([&] {
    refused = submit(*host, 200'000);
    if (refused.exit_code == 0) accepted.push_back(std::stoll(refused.out));
    return refused.exit_code != 0;
  })) << "a full disk took everything";
  const bool has_ended = host->wait_for_exit(std::chrono::milliseconds(0)).has_value();
  EXPECT_TRUE(has_ended || refused.exit_code == 6) << refused.exit_code << refused.err;
  EXPECT_TRUE(has_ended || refused.err.find("database.unavailable") != std::string::npos) << refused.err;
  disk.free();
  // With its database gone for good the host ends by itself; with one that only refused it goes on.
  ASSERT_TRUE(eventually([&] {
    return host->wait_for_exit(std::chrono::milliseconds(0)).has_value() || submit(*host, 10).exit_code == 0;
  })) << "the host neither goes on nor ends";
  if (host->wait_for_exit(std::chrono::milliseconds(0))) {
    EXPECT_THAT(host->output(), HasSubstr("the private PostgreSQL ended by itself"));
    host = start();
  }
  for (const auto id : accepted) EXPECT_EQ(host->http().ended(id).value("detail", ""), "complete");
  EXPECT_EQ(host->http().ended(std::stoll(submit(*host, 1000).out)).value("detail", ""), "complete");
}

}  // namespace
}  // namespace tasker::test
