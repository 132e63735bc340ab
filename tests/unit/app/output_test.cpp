// Tables, trees and changes as text.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include "app/plugin_list.h"
#include "app/plugin_text.h"
#include "app/table.h"
#include "app/task_details.h"
#include "app/task_view.h"
#include "app/yaml_text.h"

namespace tasker::app {
namespace {

constexpr Terminal kPipe{false, false, 80};
constexpr Terminal kPlain{true, false, 80};
constexpr Terminal kColour{true, true, 80};

std::string task_json(const std::string& state, const std::string& charge) {
  return R"({"task": {"task_id": 42, "name": "order", "namespace": "default", "version": "1.0.0", "status": "in_progress",
    "detail": ")" + state + R"(", "workflow_steps": [
      {"name": "validate", "status": "complete", "detail": "complete", "attempts": 1, "retry_limit": 3, "depends_on": []},
      )" + charge + R"(,
      {"name": "send", "status": "pending", "detail": "pending", "attempts": 0, "retry_limit": 3, "depends_on": ["charge"]}]}})";
}
const std::string kRunning =
    R"({"name": "charge", "detail": "in_progress", "attempts": 1, "retry_limit": 3, "depends_on": ["validate"]})";
const std::string kRetrying =
    R"({"name": "charge", "detail": "waiting_for_retry", "attempts": 1, "retry_limit": 3, "depends_on": ["validate"],
        "last_error": {"code": "gateway.down", "message": "try later"}})";

TEST(Table, IsTabSeparatedWithoutHeadingsInAPipe) {
  Table table({"ID", "STATE"});
  table.add({"1", "complete"});
  table.add({"22", "a\tb\nc"});
  EXPECT_EQ(table.render(kPipe), "1\tcomplete\n22\ta b c\n");
}

TEST(Table, IsAlignedUnderHeadingsOnATerminal) {
  Table table({"ID", "STATE"});
  table.add({"1", "complete"});
  table.add({"222", "größer"});
  EXPECT_EQ(table.render(kPlain), "ID   STATE\n1    complete\n222  größer\n");
}

TEST(Table, LeavesOutTheLastColumnsThatDoNotFitWhenToldTo) {
  Table table({"ID", "STATE", "FINISHED"});
  table.add({"7", "complete", "2030-01-31 10:30:00"});
  EXPECT_EQ(table.render({.is_tty = true, .columns = 20}), "ID  STATE     FINISHED\n7   complete  2030-01-31 10:30:00\n");
  table.fit();
  EXPECT_EQ(table.render({.is_tty = true, .columns = 20}), "ID  STATE\n7   complete\n");
  EXPECT_EQ(table.render({.is_tty = true, .columns = 33}), "ID  STATE     FINISHED\n7   complete  2030-01-31 10:30:00\n");
  EXPECT_EQ(table.render({.is_tty = false, .columns = 20}), "7\tcomplete\t2030-01-31 10:30:00\n");
}

TEST(Table, ColoursStatesOnlyWhenAsked) {
  Table table({"STATE"});
  table.colour_column(0);
  table.add({"error"});
  EXPECT_EQ(table.render(kPlain).find('\033'), std::string::npos);
  EXPECT_NE(table.render(kColour).find("\033[31merror\033[0m"), std::string::npos);
}

TEST(Terminal, ShowsTimesInTheLocalZone) {
  ::setenv("TZ", "UTC-2", 1);  // two hours east
  ::tzset();
  EXPECT_EQ(local_time("2030-01-31T23:30:00Z"), "2030-02-01 01:30:00");
  EXPECT_EQ(local_time("2030-01-31T23:30:00.123456+00:00"), "2030-02-01 01:30:00");
  EXPECT_EQ(local_time(""), "");
  EXPECT_EQ(local_time("soon"), "soon");
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Terminal, ADayBeginsInTheLocalZone) {
  ::setenv("TZ", "UTC-2", 1);
  ::tzset();
  EXPECT_EQ(begin_of_day("2030-01-31"), "2030-01-30T22:00:00Z");
  EXPECT_FALSE(begin_of_day("2030-02-31"));
  EXPECT_FALSE(begin_of_day("2030-01-31T09:30:00Z"));
  EXPECT_FALSE(begin_of_day(""));
  ::unsetenv("TZ");
  ::tzset();
}

TEST(Terminal, ColoursWhenToldTo) {
  EXPECT_TRUE(terminal_of_stdout(Colour::always).colour);
  EXPECT_FALSE(terminal_of_stdout(Colour::never).colour);
}

TEST(Printable, TakesControlCharactersOut) {
  EXPECT_EQ(printable("a\033[2Jb\x7f\xc2\x9b"), "a [2Jb  ");
  EXPECT_EQ(printable("größe ✓"), "größe ✓");
}

TEST(TaskView, DrawsTheStepsAsATree) {
  const auto task = read_task(task_json("in_progress", kRetrying));
  ASSERT_TRUE(task) << task.error().message;
  const auto lines = draw_task(*task, kPlain);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "task 42 default/order@1.0.0 in_progress");
  EXPECT_EQ(lines[1], "  ✓ validate  complete");
  EXPECT_EQ(lines[2], "    ↻ charge  waiting_for_retry, attempt 1 of 3, gateway.down: try later");
  EXPECT_EQ(lines[3], "      · send  pending");
}

TEST(TaskView, CutsLinesWhileItIsWatchedAndBreaksThemAtTheEnd) {
  auto json = task_json("in_progress", kRetrying);
  const std::string why = "the bank says no and will go on saying so until somebody there is told of it, which may take a while";
  json.replace(json.find("try later"), 9, why);
  const auto live = draw_to_fit(*read_task(json), kColour);
  EXPECT_EQ(cut_to("größer als", 5), "größ…");
  EXPECT_EQ(cut_to("größer", 6), "größer");
  EXPECT_TRUE(live[2].ends_with("…\033[0m")) << live[2];
  std::string last;
  for (const auto& line : draw_whole(*read_task(json), kPlain)) {
    EXPECT_LE(line.size(), 82u) << line;  // two bytes more than columns: the mark
    last += line.substr(line.find_first_not_of(' ')) + " ";
  }
  EXPECT_NE(last.find(why), std::string::npos) << last;
}

TEST(TaskView, ShowsOfManyStepsThoseThatMatterNow) {
  TaskView task;
  task.state = "in_progress";
  for (int i = 0; i < 30; ++i) {
    task.steps.emplace_back();
    task.steps.back().name = "s" + std::to_string(i);
    task.steps.back().state = i < 20 ? "complete" : i == 25 ? "in_progress" : "pending";
  }
  Terminal terminal = kPlain;
  terminal.rows = 10;
  const auto lines = draw_to_fit(task, terminal);
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines[8], "  … 23 more steps");
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](auto& line) { return line.find("s25") != std::string::npos; }));
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](auto& line) { return line.find("complete") != std::string::npos; }));
  task.state = "complete";
  EXPECT_EQ(draw_whole(task, terminal).size(), 31u);
  terminal.rows = 40;
  EXPECT_EQ(draw_to_fit(task, terminal).size(), 31u);
}

TEST(TaskDetails, ShowsContextAndResultsCut) {
  const auto json = R"({"task": {"task_id": 7, "namespace": "a", "name": "b", "version": "1.0.0", "detail": "complete",
    "requested_at": "2030-01-31T23:30:00Z", "context": {"n": 12345678901234567890123},
    "workflow_steps": [{"name": "one", "detail": "complete", "results": {"text": ")" + std::string(500, 'x') + R"("}},
                       {"name": "second", "detail": "pending", "results": null}]}})";
  const auto lines = draw_details(*read_task(json), details_of(json), kPlain);
  ASSERT_GE(lines.size(), 4u);
  EXPECT_EQ(lines[0], "  requested  " + local_time("2030-01-31T23:30:00Z"));
  EXPECT_EQ(lines[1], "  context    {\"n\": 12345678901234567890123}");
  EXPECT_EQ(lines[2], "  results");
  EXPECT_TRUE(lines[3].starts_with("    one     {\"text\":")) << lines[3];
  EXPECT_TRUE(lines.back().ends_with("…")) << lines.back();
}

TEST(TaskView, SaysUntilWhenItWaits) {
  auto json = task_json("pending", R"({"name": "charge", "detail": "waiting_for_retry", "attempts": 1, "retry_limit": 3,
      "depends_on": ["validate"], "next_retry_at": "2999-01-31T23:30:00+00:00"})");
  json.insert(json.find("\"workflow_steps\""), "\"start_at\": \"2999-01-31T22:00:00+00:00\", ");
  const auto lines = draw_task(*read_task(json), kPlain);
  EXPECT_EQ(lines[0], "task 42 default/order@1.0.0 pending, not before " + local_time("2999-01-31T22:00:00Z"));
  EXPECT_EQ(lines[2], "    ↻ charge  waiting_for_retry, attempt 1 of 3, again at " + local_time("2999-01-31T23:30:00Z"));
  EXPECT_EQ(changes_between({}, *read_task(json)).at(1),
            "charge waiting_for_retry, attempt 1 of 3, again at 2999-01-31T23:30:00+00:00");
  json.replace(json.find("2999"), 4, "1999");
  EXPECT_EQ(draw_task(*read_task(json), kPlain)[0], "task 42 default/order@1.0.0 pending") << "that time is over";
}

TEST(TaskView, TellsOnlyWhatChanged) {
  const auto before = read_task(task_json("in_progress", kRunning));
  const auto after = read_task(task_json("error", kRetrying));
  EXPECT_EQ(changes_between(*before, *after),
            (std::vector<std::string>{"charge waiting_for_retry, attempt 1 of 3, gateway.down: try later", "task error"}));
  EXPECT_TRUE(changes_between(*after, *after).empty());
  EXPECT_EQ(changes_between({}, *before),
            (std::vector<std::string>{"validate complete", "charge in_progress", "task in_progress"}))
      << "what has not begun is no news";
}

TEST(TaskView, SaysHowManyAttemptsWereLost) {
  const auto shown = [](const std::string& history) {
    return *read_task(task_json("in_progress", R"({"name": "charge", "detail": "in_progress", "attempts": 1, "retry_limit": 3,
        "depends_on": ["validate"], "attempt_history": [{"outcome": "retry"})" + history + "]}"));
  };
  const auto none = shown(""), one = shown(R"(, {"outcome": "lost"})"), two = shown(R"(, {"outcome": "lost"}, {"outcome": "lost"})");
  EXPECT_EQ(draw_task(none, kPlain)[2], "    ▶ charge  in_progress");
  EXPECT_EQ(draw_task(one, kPlain)[2], "    ▶ charge  in_progress, 1 attempt lost");
  EXPECT_EQ(draw_task(two, kPlain)[2], "    ▶ charge  in_progress, 2 attempts lost");
  EXPECT_EQ(changes_between(one, two), std::vector<std::string>{"charge in_progress, 2 attempts lost"});
}

TEST(TaskView, KnowsTheEnds) {
  const std::pair<const char*, ExitCode> ends[] = {{"complete", ExitCode::ok},
                                                   {"resolved_manually", ExitCode::ok},
                                                   {"error", ExitCode::task_failed},
                                                   {"cancelled", ExitCode::task_cancelled}};
  for (const auto& [state, code] : ends) {
    const auto task = read_task(task_json(state, kRunning));
    EXPECT_TRUE(task->has_ended()) << state;
    EXPECT_EQ(exit_code_of_end(*task), code) << state;
  }
  EXPECT_FALSE(read_task(task_json("paused", kRunning))->has_ended());
}

TEST(TaskView, RefusesAnAnswerOfAnotherShape) {
  for (const char* odd : {"", "[]", "{}", "{\"task\": 1}", "not json"}) EXPECT_FALSE(read_task(odd)) << odd;
  EXPECT_FALSE(read_tasks("{}"));
  EXPECT_TRUE(read_tasks("{\"tasks\": []}")->empty());
}

TEST(Yaml, KeepsWhatJsonSays) {
  EXPECT_EQ(*yaml_of(R"({"task": {"id": 12345678901234567890123, "rate": 1.10, "name": "cart", "note": "a: b\n", "none": null,
                     "empty": {}, "list": [1, {"a": true, "b": []}, "no", ""], "tags": ["x"]}})"),
            "task:\n  id: 12345678901234567890123\n  rate: 1.10\n  name: cart\n  note: \"a: b\\n\"\n  none: null\n  empty: {}\n"
            "  list:\n    - 1\n    - a: true\n      b: []\n    - \"no\"\n    - \"\"\n  tags:\n    - x\n");
  EXPECT_EQ(*yaml_of("[]"), "[]\n");
  EXPECT_FALSE(yaml_of("no json"));
}

TEST(PluginList, ShowsRefusalsWithCodeAndReason) {
  const auto table = table_of_plugins(
      R"({"plugins": [{"namespace": "pay", "name": "refund", "version": "1.2.0", "state": "refused",
          "hosts": 0, "code": "plugin.version_mismatch", "reason": "manifest says 1.2.1"},
         {"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "unavailable", "hosts": 0, "open_tasks": 3},
         {"file": "pay/refund.so", "state": "ignored", "hosts": 0}]})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->render(kPipe), "pay\trefund\t1.2.0\trefused\t0\t\tplugin.version_mismatch\tmanifest says 1.2.1\t\t\n"
                                  "pay\trefund\t1.0.0\tunavailable\t0\t3\t\t\t\t\n"
                                  "\tpay/refund.so\t\tignored\t0\t\t\t\t\t\n");
  EXPECT_FALSE(table_of_plugins("{}"));
  const auto shown = table_of_plugins(R"({"plugins": [{"namespace": "pay", "name": "refund", "version": "1.2.0", "state": "refused",
      "hosts": 0, "code": "plugin.version_mismatch", "reason": "the manifest in it says version 1.2.1, its name says 1.2.0; rename it"}]})",
                                      false, true);
  EXPECT_EQ(shown->render(kPlain), "NAMESPACE  NAME    VERSION  STATE    HOSTS  TASKS  ISOLATION\n"
                                   "pay        refund  1.2.0    refused  0             \n"
                                   "    plugin.version_mismatch: the manifest in it says version 1.2.1, its name\n"
                                   "    says 1.2.0; rename it\n");
  const auto wide = table_of_plugins(R"({"plugins": [{"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "active",
      "hosts": 1, "since": "2030-01-31T23:30:00Z", "sha256": "abc", "open_tasks": 0, "more_open_tasks": false, "next_wake": null},
     {"namespace": "pay", "name": "refund", "version": "0.9.0", "state": "draining", "hosts": 1, "open_tasks": 1000,
      "more_open_tasks": true, "oldest_task": 64, "next_wake": "2030-02-01T00:00:00Z"}]})", true);
  EXPECT_EQ(wide->render(kPipe), "pay\trefund\t1.0.0\tactive\t1\t\t\t\t\t\t2030-01-31T23:30:00Z\tabc\t\t\n"
                                 "pay\trefund\t0.9.0\tdraining\t1\t1000+\t\t\t\t\t\t\t64\t2030-02-01T00:00:00Z\n");
}

TEST(Output, MarksTheDefaultAndFitsAnOrdinaryTerminal) {
  const auto json = R"({"plugins": [{"namespace": "data_processing", "name": "package_inventory", "version": "1.0.0", "state": "draining",
      "hosts": 2, "open_tasks": 12, "isolation": "in_process", "default": true, "pinned": true},
     {"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "active", "hosts": 1, "isolation": "process", "default": true}]})";
  const auto shown = table_of_plugins(json, false, true)->render(kPlain);
  EXPECT_NE(shown.find("1.0.0*"), std::string::npos);
  EXPECT_NE(shown.find("in_process"), std::string::npos);
  for (std::size_t at = 0, end; (end = shown.find('\n', at)) != std::string::npos; at = end + 1) EXPECT_LE(end - at, 80u) << shown;
  EXPECT_EQ(table_of_plugins(json, false)->render(kPipe), "data_processing\tpackage_inventory\t1.0.0\tdraining\t2\t12\t\t\tin_process\tpinned\n"
                                                          "pay\trefund\t1.0.0\tactive\t1\t\t\t\tprocess\tdefault\n");
}

TEST(Output, TellsWhatStillNeedsAPlugin) {
  const auto plugin = read_plugin(R"({"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "draining", "hosts": 2, "open_tasks": 2,
      "oldest_task": 64, "next_wake": null, "retired_at": "2030-01-31T23:30:00Z", "reason": "an operator retired it"})");
  ASSERT_TRUE(plugin);
  EXPECT_FALSE(has_left(*plugin));
  EXPECT_EQ(sentence_of(*plugin), "pay/refund 1.0.0 is draining on 2 hosts: 2 open tasks have it, the oldest is task 64");
  const auto gone = read_plugin(R"({"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "unloaded", "hosts": 0, "open_tasks": 0,
      "retired_at": "2030-01-31T23:30:00Z"})");
  EXPECT_TRUE(has_left(*gone));
  EXPECT_EQ(sentence_of(*gone), "pay/refund 1.0.0 is unloaded");
  const auto quarantined = read_plugin(R"({"namespace": "pay", "name": "refund", "version": "1.0.0", "state": "quarantined", "hosts": 0,
      "quarantined_hosts": 1, "open_tasks": 0, "retired_at": "2030-01-31T23:30:00Z", "reason": "it is quarantined on host 3 (a): it crashed"})");
  EXPECT_FALSE(has_left(*quarantined));
  EXPECT_FALSE(runs(*quarantined));
  EXPECT_EQ(sentence_of(*quarantined), "pay/refund 1.0.0 is quarantined: it is quarantined on host 3 (a): it crashed");
  EXPECT_FALSE(read_plugin("{}"));
  EXPECT_EQ(*sentence_of_default(R"({"namespace": "pay", "name": "refund", "version": "1.0.0", "pinned": true, "available": true, "versions": ["1.0.0", "1.1.0"]})"),
            "the default of pay/refund is 1.0.0, pinned (offered: 1.0.0, 1.1.0)");
  EXPECT_EQ(*sentence_of_default(R"({"namespace": "pay", "name": "refund", "version": null, "pinned": false, "available": false, "versions": []})"),
            "pay/refund has no default: no stable version is offered (none is offered)");
}

}  // namespace
}  // namespace tasker::app
