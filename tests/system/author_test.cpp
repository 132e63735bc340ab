// What the author of a plugin asks of the program before delivering it: check and diff, as a build calls them. No host, no database.
#include <gmock/gmock.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "support/files.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string fixture(const std::string& name) { return std::string(TASKER_BINARY_DIR) + "/tests/fixtures/plugins/test/" + name + ".so"; }

TEST(PluginCheck, PassesAGoodPluginLineByLine) {
  const auto checked = run_tasker({"plugin", "check", fixture("echo-1.0.0"), "--seed", "1", "--cases", "20"});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("ok       file            test/echo 1.0.0 with 1 step"));
  EXPECT_THAT(checked.out, HasSubstr("ok       fuzz            20 made-up inputs, seeds 1 to 20"));
  EXPECT_THAT(checked.out, HasSubstr("17 passed, 0 failed\n"));
}

TEST(PluginCheck, FailsABadOneWithItsReasonAndWhatItWrote) {
  const auto checked = run_tasker({"plugin", "check", fixture("init_segv-1.0.0")});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(checked.out, HasSubstr("FAILED   begins          the process ended: SIGSEGV"));
  EXPECT_THAT(checked.out, HasSubstr("| tasker: SIGSEGV"));
  EXPECT_THAT(checked.err, HasSubstr("tasker: plugin.check_failed: "));
}

TEST(PluginCheck, ShowsACrashThatBreaksEveryCheckOnce) {
  if (!std::string(TASKER_SANITIZED).empty()) GTEST_SKIP() << "a sanitizer's report of each crash differs, by its process";
  const auto checked = run_tasker({"plugin", "check", fixture("crash_in_release-1.0.0")});
  EXPECT_EQ(checked.exit_code, 1);
  const auto first = checked.out.find("double free");
  ASSERT_NE(first, std::string::npos) << checked.out;
  EXPECT_EQ(checked.out.find("double free", first + 1), std::string::npos) << checked.out;
}

TEST(PluginCheck, AnswersAsJsonToo) {
  const auto checked = run_tasker({"plugin", "check", fixture("throws-1.0.0"), "-o", "json"});
  EXPECT_EQ(checked.exit_code, 1);
  const auto report = json::parse(checked.out);
  EXPECT_EQ(report.at("plugin"), "test/throws 1.0.0");
  EXPECT_EQ(report.at("ok"), false);
  const auto& checks = report.at("checks");
  const auto runs = std::find_if(checks.begin(), checks.end(), [](const json& each) { return each.at("check") == "runs"; });
  ASSERT_NE(runs, checks.end());
  EXPECT_EQ(runs->at("verdict"), "failed");
  EXPECT_EQ(runs->at("code"), "plugin.threw");
}

TEST(PluginCheck, EndsAtCtrlCAndLeavesNoFolder) {
  const TempDir temporary, output;
  TaskerProcess check({"plugin", "check", fixture("init_hangs-1.0.0"), "--limit", "60s"}, output.path() / "output",
                      {"TMPDIR=" + temporary.path().string()});
  ASSERT_TRUE(eventually([&] { return !std::filesystem::is_empty(temporary.path()); }));
  check.signal(SIGINT);
  EXPECT_EQ(check.wait_for_exit(), 130);
  EXPECT_TRUE(std::filesystem::is_empty(temporary.path()));
}

TEST(PluginCheck, RefusesWrongArgumentsBeforeItRunsAnything) {
  EXPECT_EQ(run_tasker({"plugin", "check", "/nowhere/x-1.0.0.so"}).exit_code, 3);
  EXPECT_EQ(run_tasker({"plugin", "check", fixture("echo-1.0.0"), "--config", "[1]"}).exit_code, 2);
  EXPECT_EQ(run_tasker({"plugin", "check", fixture("echo-1.0.0"), "--limit", "soon"}).exit_code, 2);
  EXPECT_EQ(run_tasker({"plugin", "check", fixture("echo-1.0.0"), "--cases", "5"}).exit_code, 2);
  EXPECT_EQ(run_tasker({"plugin", "check", fixture("echo-1.0.0"), "--seed", "18446744073709551615", "--cases", "5"}).exit_code, 2);
}

// What a plugin of ours needs to begin; effects go to the folder of each check.
std::string configuration_of(const std::string& plugin) {
  if (plugin.starts_with("std/shell")) return R"({"enabled": true, "programs": ["/bin/true"]})";
  if (plugin.starts_with("std/")) return "{}";
  if (plugin.starts_with("default/order_process"))
    return R"({"orders_file": ")" + source_path("plugins/default/order_process/data/orders.json").string() +
           R"(", "ledger_file": "{folder}/ledger", "outbox_dir": "{folder}"})";
  if (plugin.starts_with("data_processing/package_inventory")) return R"({"work_dir": "{folder}/work", "report_dir": "{folder}/reports"})";
  return R"({"shop_dir": "{folder}/shop"})";
}

TEST(PluginCheck, PassesEveryPluginThatWeShip) {
  const auto folder = std::filesystem::path(TASKER_BINARY_DIR) / "plugins";
  const std::string cases = std::string(TASKER_SANITIZED).empty() ? "100" : "10";  // which runs many times slower
  int plugins = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".so") continue;
    ++plugins;
    const auto plugin = std::filesystem::relative(entry.path(), folder).string();
    const auto checked = run_tasker({"plugin", "check", entry.path().string(), "--config", configuration_of(plugin), "--seed", "1", "--cases", cases});
    EXPECT_EQ(checked.exit_code, 0) << plugin << "\n" << checked.out << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("17 passed, 0 failed\n")) << plugin;
  }
  EXPECT_GE(plugins, 20);
}

TEST(PluginDiff, TellsASafeReplacementFromABreakingOne) {
  const auto up = run_tasker({"plugin", "diff", fixture("counter-1.0.0"), fixture("counter-1.1.0")});
  EXPECT_EQ(up.exit_code, 0) << up.err;
  EXPECT_THAT(up.out, HasSubstr("safe: test/counter 1.1.0 can take the place of test/counter 1.0.0"));

  const auto down = run_tasker({"plugin", "diff", fixture("counter-1.1.0"), fixture("counter-1.0.0")});
  EXPECT_EQ(down.exit_code, 1);
  EXPECT_THAT(down.out, HasSubstr("breaking  version   1.0.0 is older than 1.1.0"));
  EXPECT_THAT(down.err, HasSubstr("tasker: plugin.unsafe_replacement: "));
  EXPECT_THAT(down.err, HasSubstr("a replacement has the same name and a higher version"));
}

TEST(PluginDiff, ComparesWorkflowsWithoutCodeAndSaysWhetherTheNumberTells) {
  const TempDir folder;
  const auto write = [&](const char* name, const std::string& version, const std::string& rest) {
    const auto file = folder.path() / name;
    write_file(file, "name: quote\nnamespace_name: shop\nversion: " + version + "\n" + rest +
                         "step_templates:\n  - name: ask\n    handler_class: std/json@^1#reshape\n");
    return file.string();
  };
  const auto older = write("quote-1.0.0.yaml", "1.0.0", "");
  const auto strict = write("quote-1.1.0.yaml", "1.1.0", "schema: {type: object, required: [amount]}\n");
  const auto refused = run_tasker({"plugin", "diff", older, strict});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("its number does not say so: ^1.0.0 takes it; raise the major version"));

  const auto major = write("quote-2.0.0.yaml", "2.0.0", "schema: {type: object, required: [amount]}\n");
  const auto answer = run_tasker({"plugin", "diff", older, major, "-o", "json"});
  EXPECT_EQ(answer.exit_code, 1);
  const auto report = json::parse(answer.out);
  EXPECT_EQ(report.at("safe"), false);
  EXPECT_EQ(report.at("next_major"), true);
  EXPECT_EQ(report.at("changes").at(0).at("part"), "schema");
}

}  // namespace
}  // namespace tasker::test
