// What a plugin's configuration may refer to, and that nothing is put in place of what is not there.
#include "config/plugin_secrets.h"

#include <gtest/gtest.h>

#include <map>

#include "base/secrets.h"
#include "support/files.h"

namespace tasker::config {
namespace {

class PluginSecrets : public ::testing::Test {
 protected:
  Result<std::string> resolve(const std::string& json) {
    return with_secrets(json, [this](const char* name) {
      const auto found = variables_.find(name);
      return found == variables_.end() ? nullptr : found->second.c_str();
    });
  }
  std::string refusal(const std::string& json) {
    const auto resolved = resolve(json);
    EXPECT_FALSE(resolved) << json;
    if (resolved) return "";
    EXPECT_EQ(resolved.error().code, Code::plugin_config_unavailable);
    return resolved.error().message;
  }
  std::map<std::string, std::string> variables_{{"PASSWORD", "open \"sesame\""}, {"EMPTY", ""}};
  test::TempDir dir_;
};

TEST_F(PluginSecrets, TextsMayHoldVariablesAndEverythingElseStaysAsItIsWritten) {
  EXPECT_EQ(*resolve(R"({"url":"https://a:${PASSWORD}@b/${PASSWORD}","n":1.50,"deep":[{"x":"${PASSWORD}"},null,true],"plain":"$5 {a} \n"})"),
            R"({"url":"https://a:open \"sesame\"@b/open \"sesame\"","n":1.50,"deep":[{"x":"open \"sesame\""},null,true],"plain":"$5 {a} \n"})");
  EXPECT_EQ(*resolve(R"({"a":"$${PASSWORD} and ${PASSWORD}"})"), R"({"a":"${PASSWORD} and open \"sesame\""})");
  EXPECT_EQ(*resolve("{}"), "{}");
  EXPECT_EQ(masked("it said open \"sesame\" to me"), "it said *** to me");
}

TEST_F(PluginSecrets, AMemberMayLieInAFile) {
  test::write_file(dir_.path() / "key", "key of the file\n");
  EXPECT_EQ(*resolve(R"({"api":{"key_FILE":")" + (dir_.path() / "key").string() + R"("},"orders_file":"/srv/x"})"),
            R"({"api":{"key":"key of the file"},"orders_file":"/srv/x"})");
  EXPECT_EQ(masked("key of the file"), "***");
  variables_["FOLDER"] = dir_.path().string();
  EXPECT_EQ(*resolve(R"({"key_FILE":"${FOLDER}/key"})"), R"({"key":"key of the file"})");
}

TEST_F(PluginSecrets, WhatIsNotThereIsSaidWithItsPlace) {
  EXPECT_EQ(refusal(R"({"a":{"b":["${NOT_SET}"]}})"), "its configuration: a.b[0] refers to the environment variable NOT_SET, which is not set");
  EXPECT_EQ(refusal(R"({"a":"${EMPTY}"})"), "its configuration: a refers to the environment variable EMPTY, which is empty");
  EXPECT_NE(refusal(R"({"a_FILE":"/no/such/file"})").find("a_FILE: the file /no/such/file cannot be read"), std::string::npos);
  EXPECT_EQ(resolve(R"({"a_FILE":"/no/such/file"})").error().retry, Retry::later);
  test::write_file(dir_.path() / "empty", "\n");
  EXPECT_NE(refusal(R"({"a_FILE":")" + (dir_.path() / "empty").string() + R"("})").find("is empty"), std::string::npos);
  EXPECT_NE(refusal(R"({"a_FILE":")" + dir_.path().string() + R"("})").find("it is a folder"), std::string::npos);
  EXPECT_NE(refusal(R"({"a":"x","a_FILE":"/y"})").find("both there"), std::string::npos);
  EXPECT_NE(refusal(R"({"a_FILE":5})").find("must be the path of a file"), std::string::npos);
  for (const char* text : {"${", "${}", "${a b}", "${1A}", "${PASSWORD"})
    EXPECT_NE(refusal(std::string(R"({"a":")") + text + R"("})").find("without the name of a variable"), std::string::npos) << text;
}

}  // namespace
}  // namespace tasker::config
