#include "base/semver.h"

#include <gtest/gtest.h>

namespace tasker {
namespace {

Semver version(std::string_view text) {
  return Semver::parse(text).value();
}
bool in_range(std::string_view range, std::string_view text) {
  return VersionRange::parse(range).value().matches(version(text));
}

TEST(Semver, KeepsEveryPart) {
  const Semver v = version("1.20.300-rc.1+dev.abc");
  EXPECT_EQ(v.major, 1u);
  EXPECT_EQ(v.minor, 20u);
  EXPECT_EQ(v.patch, 300u);
  EXPECT_EQ(v.prerelease, "rc.1");
  EXPECT_EQ(v.build, "dev.abc");
  EXPECT_EQ(v.text(), "1.20.300-rc.1+dev.abc");
}

TEST(Semver, AcceptsTheValidForms) {
  for (const char* text : {"0.0.0", "1.0.0+dev.abc", "1.0.0--", "1.0.0-0A.is.legal", "1.0.0+001",
                           "1.0.0-alpha.0", "18446744073709551615.0.0"}) {
    const auto parsed = Semver::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->text(), text);
  }
}

TEST(Semver, RefusesWhatIsNotStrict) {
  for (const char* text :
       {"",       "1",      "1.2",      "1.2.3.4",    "v1.2.3",  "01.2.3",
        "1.02.3", "1.2.3-", "1.2.3-01", "1.2.3-a..b", "1.2.3+",  "1.2.3+a+b",
        "1.2.x",  " 1.2.3", "1.2.3 ",   "-1.2.3",     "1.2.3-é", "18446744073709551616.0.0",
        "1.2.",   "..",     "1.2.3-a_b"}) {
    EXPECT_FALSE(Semver::parse(text)) << text;
  }
  EXPECT_FALSE(Semver::parse(std::string(300, '1')));
}

TEST(Semver, OrdersAsTheSpecificationSays) {
  const char* const ascending[] = {"1.0.0-1",       "1.0.0-2",          "1.0.0-10",   "1.0.0-alpha",
                                   "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
                                   "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",      "1.0.1",
                                   "1.1.0",         "1.10.0",           "2.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(version(ascending[i]) < version(ascending[j]), i < j)
          << ascending[i] << " < " << ascending[j];
    }
  }
}

TEST(Semver, IgnoresBuildMetadataInOrderButKeepsIt) {
  EXPECT_EQ(version("1.0.0+a"), version("1.0.0+b"));
  EXPECT_FALSE(version("1.0.0+a").identical(version("1.0.0+b")));
  EXPECT_TRUE(version("1.0.0+a").is_stable());
  EXPECT_FALSE(version("1.0.0-a").is_stable());
}

TEST(VersionRange, KnowsTheUsualForms) {
  struct {
    const char* range;
    std::vector<const char*> in, out;
  } const cases[] = {
      {"1.2.3", {"1.2.3", "1.2.3+dev"}, {"1.2.4", "1.2.3-rc.1"}},
      {"=1.2.3", {"1.2.3"}, {"1.2.2"}},
      {"1.2.3+dev", {"1.2.3+dev"}, {"1.2.3", "1.2.3+other"}},
      {"^1.2", {"1.2.0", "1.9.9"}, {"1.1.9", "2.0.0", "2.0.0-rc.1", "1.3.0-rc.1"}},
      {"^1", {"1.0.0", "1.9.9"}, {"2.0.0", "0.9.0"}},
      {"^0.2.3", {"0.2.3", "0.2.9"}, {"0.3.0", "0.2.2"}},
      {"^0.0.3", {"0.0.3"}, {"0.0.4"}},
      {"^0.0", {"0.0.3", "0.0.9"}, {"0.1.0"}},
      {"~1.2.3", {"1.2.3", "1.2.9"}, {"1.3.0", "1.2.2"}},
      {"~1.2", {"1.2.0"}, {"1.3.0"}},
      {"~1", {"1.9.0"}, {"2.0.0"}},
      {">=1 <2", {"1.0.0", "1.99.0"}, {"0.9.9", "2.0.0", "2.0.0-rc.1"}},
      {">= 1.5 < 1.7", {"1.5.0", "1.6.9"}, {"1.7.0"}},
      {">1.2", {"1.3.0"}, {"1.2.9"}},
      {">1.2.3", {"1.2.4"}, {"1.2.3"}},
      {"<=1.2", {"1.2.9"}, {"1.3.0"}},
      {"<=1.2.3", {"1.2.3"}, {"1.2.4"}},
      {"1.x", {"1.0.0", "1.9.0"}, {"2.0.0"}},
      {"1.2.*", {"1.2.7"}, {"1.3.0"}},
      {"1", {"1.4.0"}, {"2.0.0"}},
      {"*", {"0.0.0", "9.9.9"}, {"1.0.0-rc.1"}},
      {"1.0.0 || ^3", {"1.0.0", "3.5.0"}, {"2.0.0", "1.0.1"}},
      {">=1.0.0-beta", {"1.0.0-beta", "1.0.0-rc.1", "1.0.0", "2.0.0"}, {"1.0.0-alpha", "1.1.0-rc.1"}},
      {">=1.0.0-0", {"1.0.0-alpha"}, {"0.9.0"}},
  };
  for (const auto& c : cases) {
    for (const char* text : c.in) EXPECT_TRUE(in_range(c.range, text)) << c.range << " should admit " << text;
    for (const char* text : c.out)
      EXPECT_FALSE(in_range(c.range, text)) << c.range << " should not admit " << text;
  }
}

TEST(VersionRange, RefusesWhatItCannotRead) {
  for (const char* text : {"", "  ", "||", "1 ||", "|| 1", "1 | 2", ">", "^", "1.2.3.4", "x.1", "1.x.2",
                           "abc", "1.", ">=", "<*", "1 - 2", "^-1", "1..2"}) {
    EXPECT_FALSE(VersionRange::parse(text)) << text;
  }
}

}  // namespace
}  // namespace tasker
