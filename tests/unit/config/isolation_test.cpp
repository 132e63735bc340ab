// Where a plugin runs: the plugin's own word over its namespace's, that over the default.
#include "config/isolation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/settings.h"

namespace tasker::config {
namespace {

using testing::HasSubstr;

Settings settings(const std::string& text) {
  const auto parsed = parse_settings(text, "c.yaml");
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  return parsed ? *parsed : Settings{};
}

std::optional<RunnerSettings> chosen(const Settings& s, const std::string& space, const std::string& name) {
  return runner_for(s.plugins.isolation, s.runner, s.plugins.isolation_of, space, name);
}

std::string refused(const std::string& text) {
  const auto parsed = parse_settings(text, "c.yaml");
  return parsed ? "taken" : parsed.error().message;
}

TEST(Isolation, IsChosenByPluginThenNamespaceThenDefault) {
  const auto s = settings(R"(
plugins:
  isolation_of:
    payments: process
    payments/report: in_process
    payments/refund: {memory_mib: 512, seccomp: strict}
    mail/send: {isolation: process, max_attempts_per_process: 1}
runner: {files: 200}
)");
  EXPECT_FALSE(chosen(s, "default", "order"));
  EXPECT_FALSE(chosen(s, "payments", "report"));
  EXPECT_EQ(chosen(s, "payments", "other")->memory_mib, 0);
  EXPECT_EQ(chosen(s, "payments", "refund")->memory_mib, 512);
  EXPECT_EQ(chosen(s, "payments", "refund")->seccomp, "strict");
  EXPECT_EQ(chosen(s, "payments", "refund")->files, 200);
  EXPECT_EQ(chosen(s, "mail", "send")->max_attempts_per_process, 1);
  EXPECT_FALSE(chosen(s, "mail", "read"));
  const auto all = settings("plugins: {isolation: process, isolation_of: {a/b: in_process}}");
  EXPECT_TRUE(chosen(all, "x", "y"));
  EXPECT_FALSE(chosen(all, "a", "b"));
}

TEST(Isolation, IsRefusedWithWhatIsAllowed) {
  EXPECT_THAT(refused("plugins: {isolation: container}"), HasSubstr("in_process or process"));
  EXPECT_THAT(refused("plugins: {isolation_of: {a/b/c: process}}"), HasSubstr("<namespace>/<name>"));
  EXPECT_THAT(refused("plugins: {isolation_of: {a: maybe}}"), HasSubstr("in_process, process or an object"));
  EXPECT_THAT(refused("plugins: {isolation_of: {a: {memory: 1}}}"), HasSubstr("no key memory"));
  EXPECT_THAT(refused("plugins: {isolation_of: {a: {files: 1}}}"), HasSubstr("from 128 to"));
  EXPECT_THAT(refused("plugins: {isolation_of: {a: {seccomp: all}}}"), HasSubstr("none, default or strict"));
  for (const char* text : {"runner: {memory_mib: 63}", "plugins: {isolation_of: {a: {memory_mib: 63}}}"})
    EXPECT_THAT(refused(text), HasSubstr("must be 0, which is no limit, or an integer from 64 to 1000000: with less no runner starts"));
  EXPECT_EQ(refused("runner: {memory_mib: 64}"), "taken");
  EXPECT_THAT(refused("runner: {seccomp: all}"), HasSubstr("none, default or strict"));
}

TEST(Isolation, IsShownAsItCanBeSet) {
  const auto s = settings("plugins: {isolation_of: {a: process, a/b: {files: 128, seccomp: none}}}");
  const auto shown = overrides_json(s.plugins.isolation_of);
  EXPECT_EQ(shown, R"({"a":{"isolation":"process"},"a/b":{"files":128,"seccomp":"none"}})");
  EXPECT_EQ(settings("plugins: {isolation_of: " + shown + "}").plugins.isolation_of, s.plugins.isolation_of);
}

}  // namespace
}  // namespace tasker::config
