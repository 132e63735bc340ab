#include "plugin/file_name.h"

#include <gtest/gtest.h>

namespace tasker::plugin {
namespace {

TEST(FileName, SaysNamespaceNameAndVersion) {
  const auto name = parse_file_name("payments", "refund_v2-1.2.0-rc.1+b5.so");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->namespace_name, "payments");
  EXPECT_EQ(name->name, "refund_v2");
  EXPECT_EQ(name->version_text, "1.2.0-rc.1+b5");
  EXPECT_EQ(name->version.prerelease, "rc.1");
}

TEST(FileName, RefusesEverythingElse) {
  for (const char* file : {"foo.so", "foo-1.0.so", "Foo-1.0.0.so", "foo-1.0.0.so.bak", "foo-v1.0.0.so", "-1.0.0.so",
                           "foo--1.0.0.so", "foo-01.0.0.so", "fo.o-1.0.0.so", ".so", "", "foo-1.0.0"})
    EXPECT_FALSE(parse_file_name("payments", file)) << file;
  EXPECT_FALSE(parse_file_name("Payments", "foo-1.0.0.so"));
  EXPECT_FALSE(parse_file_name("", "foo-1.0.0.so"));
}

}  // namespace
}  // namespace tasker::plugin
