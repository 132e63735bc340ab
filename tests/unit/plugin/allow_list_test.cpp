// The allow-list alone: what its text may say, and that it is closed whenever it cannot be used.
#include "plugin/allow_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/files.h"

namespace tasker::plugin {
namespace {

const std::string kHash(64, 'a'), kOther(64, 'b');

TEST(AllowListText, HasALineForEachVersionAndMayHaveComments) {
  const auto parsed = parse_allow_list("# ours\n\n" + kHash + "  default/echo@1.0.0\r\n  " + kOther + "\tdefault/echo@1.0.0 # rebuilt\n" + kHash +
                                       " payments/refund@2.0.0-rc.1+build.7");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->at("default/echo@1.0.0"), (std::set{kHash, kOther}));
  EXPECT_EQ(parsed->at("payments/refund@2.0.0-rc.1+build.7"), (std::set{kHash}));
  EXPECT_TRUE(parse_allow_list("")->empty());
}

TEST(AllowListText, NamesTheLineThatItDoesNotUnderstand) {
  for (const std::string& line : {std::string("default/echo@1.0.0"), kHash, kHash + " default/echo", kHash + " echo@1.0.0", kHash + " default/echo@1",
                                  std::string(64, 'A') + " default/echo@1.0.0", kHash + "a default/echo@1.0.0", kHash + " a/b@1.0.0 c/d@1.0.0"}) {
    const auto parsed = parse_allow_list(kHash + " default/other@1.0.0\n" + line + "\n");
    ASSERT_FALSE(parsed) << line;
    EXPECT_NE(parsed.error().message.find("line 2 "), std::string::npos) << parsed.error().message;
  }
}

class AllowListFile : public ::testing::Test {
 protected:
  AllowListFile() {
    ::chmod(dir_.path().c_str(), 0755);
    write(kHash + " default/echo@1.0.0\n");
  }
  void write(const std::string& text) {
    test::write_file(path_, text);
    ::chmod(path_.c_str(), 0644);
  }
  std::string refusal(const std::string& label, const std::string& hash) {
    const auto allowed = list_.check(label, hash);
    if (allowed) return "";
    EXPECT_EQ(allowed.error().code, Code::plugin_not_allowed);
    return allowed.error().message;
  }
  bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

  test::TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "allowed";
  AllowList list_{path_};
};

TEST_F(AllowListFile, AllowsWhatIsOnItAndNothingElse) {
  EXPECT_EQ(refusal("default/echo@1.0.0", kHash), "");
  EXPECT_TRUE(says(refusal("default/echo@1.0.1", kHash), "default/echo@1.0.1 is not on the allow-list"));
  const auto other = refusal("default/echo@1.0.0", kOther);
  EXPECT_TRUE(says(other, "with another hash")) << other;
  EXPECT_TRUE(says(other, allow_line(kOther, "default/echo@1.0.0"))) << other;
}

TEST_F(AllowListFile, IsReadAgainWhenItChanges) {
  EXPECT_TRUE(list_.look());
  EXPECT_FALSE(list_.look());
  EXPECT_NE(refusal("default/new@1.0.0", kOther), "");
  write(kHash + " default/echo@1.0.0\n" + kOther + " default/new@1.0.0\n");
  EXPECT_EQ(refusal("default/new@1.0.0", kOther), "") << "whoever asks sees the new list";
  EXPECT_TRUE(list_.look()) << "and those that were refused before are still to be told";
}

TEST_F(AllowListFile, IsClosedWhileItCannotBeUsed) {
  const auto is_closed = [&](const std::string& why) {
    const auto text = refusal("default/echo@1.0.0", kHash);
    EXPECT_TRUE(says(text, "nothing may run while the allow-list is not usable") && says(text, why)) << why << ": " << text;
  };
  ::chmod(path_.c_str(), 0664);
  is_closed("may be written by group or others");
  ::chmod(path_.c_str(), 0644);
  EXPECT_EQ(refusal("default/echo@1.0.0", kHash), "");
  ::chmod(dir_.path().c_str(), 0777);
  write("# touched\n" + kHash + " default/echo@1.0.0\n");
  is_closed("may be written by group or others");
  ::chmod(dir_.path().c_str(), 0755);
  EXPECT_EQ(refusal("default/echo@1.0.0", kHash), "") << "the list itself was not touched, a folder above it was mended";
  write("what is this\n");
  is_closed("line 1 is not");
  std::filesystem::remove(path_);
  is_closed("went away");
  std::filesystem::create_symlink(dir_.path() / "elsewhere", path_);
  is_closed("is a symbolic link");
}

TEST(AllowListNone, AllowsEverything) {
  AllowList none{""};
  EXPECT_TRUE(none.check("default/echo@1.0.0", kHash));
  EXPECT_FALSE(none.look());
}

}  // namespace
}  // namespace tasker::plugin
