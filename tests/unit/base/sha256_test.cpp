#include "base/sha256.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/files.h"

namespace tasker {
namespace {

// FIPS 180-4 examples.
constexpr std::string_view kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, AgreesWithThePublishedVectors) {
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')), kMillion);
}

TEST(Sha256, HashesAWholeFileAndLeavesItsOffset) {
  const test::TempDir dir;
  test::write_file(dir.path() / "million", std::string(1'000'000, 'a'));
  const int fd = ::open((dir.path() / "million").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ::lseek(fd, 10, SEEK_SET);
  EXPECT_EQ(sha256_hex_of_fd(fd).value(), kMillion);
  EXPECT_EQ(::lseek(fd, 0, SEEK_CUR), 10);
  ::close(fd);
  EXPECT_FALSE(sha256_hex_of_fd(fd));
}

}  // namespace
}  // namespace tasker
