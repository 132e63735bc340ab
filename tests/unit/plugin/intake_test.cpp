#include "plugin/intake.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/sha256.h"
#include "support/files.h"

namespace tasker::plugin {
namespace {

namespace fs = std::filesystem;

class Intake : public ::testing::Test {
 protected:
  Intake() {
    fs::create_directory(space_);
    ::chmod(space_.c_str(), 0755);
    ::chmod(dir_.path().c_str(), 0755);
    EXPECT_TRUE(prepare_state_dir(state_));
    test::write_file(file_, "the bytes");
    ::chmod(file_.c_str(), 0644);
  }
  Result<PrivateCopy> take() { return take_in(file_, state_, limits_); }
  Code code() {
    const auto copy = take();
    return copy ? Code::internal : copy.error().code;
  }
  std::size_t copies() { return static_cast<std::size_t>(std::distance(fs::directory_iterator(state_), {})); }

  test::TempDir dir_;
  fs::path space_ = dir_.path() / "space";
  fs::path state_ = dir_.path() / "state";
  fs::path file_ = space_ / "echo-1.0.0.so";
  IntakeLimits limits_;
};

TEST_F(Intake, MakesAPrivateCopyNamedByItsHash) {
  const auto copy = take();
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->sha256, sha256_hex("the bytes"));
  EXPECT_EQ(copy->path, state_ / (copy->sha256 + ".so"));
  EXPECT_EQ(test::read_file(copy->path), "the bytes");
  EXPECT_EQ(fs::status(copy->path).permissions(), fs::perms(0500));
  EXPECT_EQ(fs::status(state_).permissions(), fs::perms(0700));
  ASSERT_TRUE(take());
  EXPECT_EQ(copies(), 1u);
}

TEST_F(Intake, UsesACopyThatIsThereAlreadyAndMakesItNew) {
  const auto first = take();
  ASSERT_TRUE(first) << first.error().message;
  struct stat before {}, after {};
  ASSERT_EQ(::stat(first->path.c_str(), &before), 0);
  const timespec long_ago[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, first->path.c_str(), long_ago, 0), 0);
  const auto second = take();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->path, first->path);
  ASSERT_EQ(::stat(first->path.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_GT(after.st_mtim.tv_sec, 1) << "it would be cleared away as old";
}

TEST_F(Intake, MakesACopyAnewThatIsNotWhatItsNameSays) {
  const auto first = take();
  ASSERT_TRUE(first) << first.error().message;
  ::chmod(first->path.c_str(), 0700);
  test::write_file(first->path, "THE BYTES");
  ::chmod(first->path.c_str(), 0500);
  ASSERT_TRUE(take());
  EXPECT_EQ(test::read_file(first->path), "the bytes");
  ::chmod(first->path.c_str(), 0770);
  ASSERT_TRUE(take());
  EXPECT_EQ(fs::status(first->path).permissions(), fs::perms(0500));
  fs::remove(first->path);
  fs::create_symlink(file_, first->path);
  ASSERT_TRUE(take());
  EXPECT_FALSE(fs::is_symlink(first->path));
}

// As of a host in another container, which has the same process id and shares the folder.
TEST_F(Intake, LeavesTheUnfinishedCopiesOfOthersAlone) {
  const auto before = [&](int n) { return state_ / ("intake." + std::to_string(::getpid()) + "." + std::to_string(n) + ".tmp"); };
  for (int n = 1; n <= 200; ++n) test::write_file(before(n), "half a copy");
  for (int i = 0; i < 3; ++i) {
    const auto copy = take();
    ASSERT_TRUE(copy) << copy.error().message;
  }
  for (int n = 1; n <= 200; ++n) EXPECT_EQ(test::read_file(before(n)), "half a copy") << n;
  EXPECT_EQ(copies(), 201u);
}

TEST_F(Intake, RefusesASymbolicLink) {
  fs::rename(file_, space_ / "real");
  fs::create_symlink(space_ / "real", file_);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  fs::remove(space_ / "real");
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
}

TEST_F(Intake, RefusesWhatOthersMayWrite) {
  for (const mode_t mode : {0664, 0646, 0666}) {
    ::chmod(file_.c_str(), mode);
    EXPECT_EQ(code(), Code::plugin_untrusted_file) << std::oct << mode;
  }
  ::chmod(file_.c_str(), 0644);
  ::chmod(space_.c_str(), 0775);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  EXPECT_EQ(take().error().retry, Retry::later) << "a directory may be mended without touching the file";
  ::chmod(space_.c_str(), 01777);
  EXPECT_EQ(code(), Code::plugin_untrusted_file) << "sticky is enough for parents only";
  ::chmod(space_.c_str(), 0755);
  ::chmod(dir_.path().c_str(), 0777);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  ::chmod(dir_.path().c_str(), 01777);
  EXPECT_TRUE(take()) << "as /tmp is";
}

TEST_F(Intake, RefusesOtherOwners) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  ASSERT_EQ(::chown(file_.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(space_.c_str(), 12345, 12345), 0);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
}

TEST_F(Intake, RefusesWhatIsNoRegularFile) {
  fs::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0644), 0);
  EXPECT_EQ(code(), Code::plugin_untrusted_file) << "and does not wait for a writer";
  fs::remove(file_);
  fs::create_directory(file_);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  fs::remove(file_);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = file_.string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(code(), Code::plugin_untrusted_file);
  ::close(fd);
}

TEST_F(Intake, RefusesMoreThanTheLimitAndLeavesNothingBehind) {
  limits_.max_bytes = 8;
  EXPECT_EQ(code(), Code::plugin_too_large);
  EXPECT_EQ(copies(), 0u);
  limits_.max_bytes = 9;
  EXPECT_TRUE(take());
}

// It took whatever mixture came of it.
TEST_F(Intake, RefusesAFileThatChangesWhileItIsCopied) {
  test::write_file(file_, std::string(64 << 20, 'x'));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    std::fstream out(file_, std::ios::in | std::ios::out | std::ios::binary);
    for (char byte = 'a'; !stop; byte = byte == 'z' ? 'a' : static_cast<char>(byte + 1)) {
      out.seekp(0);
      out.put(byte).flush();
    }
  });
  const auto copy = take();
  stop = true;
  writer.join();
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, Code::plugin_unreadable) << copy.error().message;
  EXPECT_EQ(copy.error().retry, Retry::later);
  EXPECT_EQ(copies(), 0u);
  EXPECT_TRUE(take());
}

TEST_F(Intake, SaysWhenTheFileWentAway) {
  fs::remove(file_);
  EXPECT_EQ(code(), Code::not_found);
  fs::remove(space_);
  EXPECT_EQ(code(), Code::not_found);
}

TEST_F(Intake, SaysWhenTheStateDirectoryIsGoneAndMayBeTriedAgain) {
  fs::remove(state_);
  const auto copy = take();
  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, Code::plugin_state_dir);
  EXPECT_EQ(copy.error().retry, Retry::later);
}

TEST_F(Intake, WantsAStateDirectoryOfItsOwn) {
  ::chmod(state_.c_str(), 0755);
  EXPECT_EQ(prepare_state_dir(state_).error().code, Code::plugin_state_dir);
  fs::remove(state_);
  fs::create_directory_symlink(space_, state_);
  EXPECT_EQ(prepare_state_dir(state_).error().code, Code::plugin_state_dir);
}

}  // namespace
}  // namespace tasker::plugin
