#include "app/arguments.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/completion_values.h"

namespace tasker::app {
namespace {

template <class Arguments>
Arguments parsed(const std::vector<std::string>& words) {
  auto outcome = parse_arguments(words);
  if (auto* notice = std::get_if<Notice>(&outcome)) {
    ADD_FAILURE() << notice->text;
    return {};
  }
  auto* arguments = std::get_if<Arguments>(&std::get<Verb>(outcome));
  EXPECT_NE(arguments, nullptr) << "another verb was found";
  return arguments == nullptr ? Arguments{} : *arguments;
}

Notice refused(const std::vector<std::string>& words) {
  auto outcome = parse_arguments(words);
  auto* notice = std::get_if<Notice>(&outcome);
  EXPECT_NE(notice, nullptr) << "was taken";
  return notice == nullptr ? Notice{} : *notice;
}

TEST(Arguments, DevTakesFoldersAddressAndClean) {
  const auto dev = parsed<DevArguments>({"dev", "--data", "/d", "--plugins", "/p", "--listen", "127.0.0.1:9000", "--clean"});
  EXPECT_EQ(dev.data, "/d");
  EXPECT_EQ(dev.plugins, "/p");
  EXPECT_EQ(dev.listen, "127.0.0.1:9000");
  EXPECT_TRUE(dev.clean);
  EXPECT_FALSE(parsed<DevArguments>({"dev"}).clean);
}

TEST(Arguments, ServeMayBeGivenAConfiguration) {
  EXPECT_EQ(parsed<ServeArguments>({"serve", "--config", "c.yaml"}).config, "c.yaml");
  EXPECT_EQ(parsed<ServeArguments>({"serve", "--check-config"}).config, "");
}

TEST(Arguments, MigrateTakesADatabaseOrAConfigurationNotBoth) {
  EXPECT_EQ(parsed<MigrateArguments>({"migrate", "--database", "dbname=x"}).database, "dbname=x");
  EXPECT_EQ(refused({"migrate", "--database", "dbname=x", "--config", "c"}).exit_code, ExitCode::usage);
}

TEST(Arguments, SubmitTakesEverythingATaskHas) {
  const auto submit = parsed<TaskSubmitArguments>(
      {"task", "submit", "payments/refund@^1.2", "--context", "{\"n\": 1}", "--count", "3", "--priority", "0", "--tag",
       "a", "--tag", "b", "--wait", "--timeout", "1.5m", "-o", "json", "--server", "http://h:1"});
  EXPECT_EQ(submit.namespace_name, "payments");
  EXPECT_EQ(submit.name, "refund");
  EXPECT_EQ(submit.version, "^1.2");
  EXPECT_EQ(submit.context, "{\"n\": 1}");
  EXPECT_EQ(submit.count, 3);
  EXPECT_EQ(submit.priority, 0);
  EXPECT_EQ(submit.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(submit.wait);
  EXPECT_EQ(submit.timeout, std::chrono::milliseconds(90000));
  EXPECT_EQ(submit.client.output, OutputFormat::json);
  EXPECT_EQ(submit.client.server, "http://h:1");
}

TEST(Arguments, TheContextMayComeFromStdin) {
  EXPECT_EQ(parsed<TaskSubmitArguments>({"task", "submit", "x", "--context", "-"}).context, "-");
}

TEST(Arguments, WrongSubmitsAreUsageErrors) {
  EXPECT_EQ(refused({"task", "submit"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "a/b/c"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "a@"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "a", "--priority", "10"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "a", "--count", "0"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "a", "--timeout", "5"}).exit_code, ExitCode::usage) << "without --wait";
  EXPECT_EQ(refused({"task", "submit", "a", "--wait", "--timeout", "soon"}).exit_code, ExitCode::usage);
}

TEST(Arguments, ListPassesItsFilters) {
  const auto list = parsed<TaskListArguments>({"task", "list", "--namespace", "n", "--status", "error", "--limit", "5",
                                               "--after", "dGFzazo2NA", "--tag", "t", "--correlation-id", "c", "--created-after",
                                               "2030-01-31T09:30:00Z", "--initiator", "ann", "--source-system", "shop"});
  EXPECT_EQ(list.initiator, "ann");
  EXPECT_EQ(list.source_system, "shop");
  EXPECT_EQ(list.namespace_name, "n");
  EXPECT_EQ(list.status, "error");
  EXPECT_EQ(list.limit, 5);
  EXPECT_EQ(list.after, "dGFzazo2NA");
  EXPECT_EQ(list.tag, "t");
  EXPECT_EQ(list.correlation_id, "c");
  EXPECT_EQ(list.created_after, "2030-01-31T09:30:00Z");
  EXPECT_EQ(refused({"task", "list", "--limit", "101"}).exit_code, ExitCode::usage);
  EXPECT_TRUE(parsed<TaskListArguments>({"task", "list", "--created-before", "2030-01-31"}).created_before.ends_with("00Z"));
  EXPECT_NE(refused({"task", "list", "--created-after", "soon"}).text.find("--created-after: 'soon' is no day"), std::string::npos);
}

TEST(Arguments, ValuesThatNoServerWouldTakeAreUsageErrorsWithoutOne) {
  const auto status = refused({"task", "list", "--status", "done"});
  EXPECT_EQ(status.exit_code, ExitCode::usage);
  EXPECT_NE(status.text.find("command.invalid"), std::string::npos) << status.text;
  EXPECT_NE(status.text.find("in_progress"), std::string::npos) << status.text;
  EXPECT_EQ(refused({"task", "submit", "a", "--start-at", "soon"}).exit_code, ExitCode::usage);
  EXPECT_EQ(parsed<TaskSubmitArguments>({"task", "submit", "a", "--start-at", "2030-01-31T09:30:00Z"}).start_at,
            "2030-01-31T09:30:00Z");
  EXPECT_EQ(refused({"task", "submit", "a@nonsense"}).exit_code, ExitCode::usage);
}

TEST(Arguments, TasksMayComeFromAFileInsteadOfFlags) {
  EXPECT_EQ(parsed<TaskSubmitArguments>({"task", "submit", "--from-file", "tasks.json", "--wait"}).from_file, "tasks.json");
  EXPECT_EQ(parsed<TaskSubmitArguments>({"task", "start", "--from-file", "-"}).from_file, "-");
  EXPECT_EQ(refused({"task", "submit", "a", "--from-file", "x"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "submit", "--from-file", "x", "--context", "{}"}).exit_code, ExitCode::usage);
}

TEST(Arguments, ACommandWithoutItsVerbNamesThem) {
  const auto none = refused({}), task = refused({"task"});
  EXPECT_EQ(none.exit_code, ExitCode::usage);
  EXPECT_NE(none.text.find("\n  serve "), std::string::npos) << none.text;
  EXPECT_EQ(task.exit_code, ExitCode::usage);
  EXPECT_NE(task.text.find("name a command of `tasker task`"), std::string::npos) << task.text;
  EXPECT_NE(task.text.find("\n  submit      Create tasks"), std::string::npos) << task.text;
}

TEST(Arguments, MisspeltWordsBringTheNearest) {
  EXPECT_NE(refused({"plugni", "list"}).text.find("did you mean plugin?"), std::string::npos);
  EXPECT_NE(refused({"task", "sumbit"}).text.find("did you mean submit?"), std::string::npos);
  EXPECT_NE(refused({"task", "list", "--statsu", "error"}).text.find("did you mean --status?"), std::string::npos);
  EXPECT_NE(refused({"dev", "--lisen=1"}).text.find("did you mean --listen?"), std::string::npos);
  EXPECT_EQ(refused({"dev", "--qqqqqq"}).text.find("did you mean"), std::string::npos);
  EXPECT_EQ(refused({"dev", "--qqqqqq"}).exit_code, ExitCode::usage);
}

TEST(Arguments, HelpKnowsCommandsAndCodes) {
  const auto code = refused({"help", "plugin.load_failed"});
  EXPECT_EQ(code.exit_code, ExitCode::ok);
  EXPECT_NE(code.text.find("cause"), std::string::npos);
  EXPECT_NE(code.text.find("ldd -r"), std::string::npos);
  EXPECT_NE(refused({"help", "codes"}).text.find("\nplugin.not_elf "), std::string::npos);
  const auto codes = refused({"help", "codes"}).text;
  EXPECT_LT(codes.find("\nconfig.invalid "), codes.find("\ndata.in_use "));
  EXPECT_NE(codes.find("\n\nplugin."), std::string::npos) << "groups are apart";
  std::istringstream lines(codes);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  EXPECT_NE(refused({"help", "task", "submit"}).text.find("Usage: tasker task submit"), std::string::npos);
  EXPECT_NE(refused({"help"}).text.find("Usage: tasker"), std::string::npos);
  const auto unknown = refused({"help", "plugin.load_faild"});
  EXPECT_EQ(unknown.exit_code, ExitCode::not_found);
  EXPECT_NE(unknown.text.find("did you mean plugin.load_failed?"), std::string::npos) << unknown.text;
}

// Empty where a host is asked.
std::string completed(std::vector<std::string> words) {
  words.insert(words.begin(), "__complete");
  const auto outcome = parse_arguments(words);
  const auto* notice = std::get_if<Notice>(&outcome);
  return notice == nullptr ? "" : notice->text;
}

TEST(Arguments, WhatMayFollowIsCompleted) {
  EXPECT_EQ(completed({"ser"}), "serve\n");
  EXPECT_EQ(completed({"task", ""}), "submit\nget\nlist\nwatch\n");
  EXPECT_EQ(completed({"task", "list", "--sta"}), "--status\n");
  EXPECT_EQ(completed({"task", "list", "--status", "in"}), "in_progress\n");
  EXPECT_EQ(completed({"task", "list", "-o", ""}), "table\njson\nyaml\nwide\njsonl\nname\n");
  EXPECT_EQ(completed({"task", "get", "-o", ""}), "table\njson\nyaml\n");
  EXPECT_EQ(completed({"task", "list", "--status=in"}), "--status=in_progress\n");
  EXPECT_EQ(completed({"task", "list", "--tag=v"}), "\n");
  EXPECT_EQ(completed({"task", "get", "--color", "a"}), "auto\nalways\n");
  EXPECT_EQ(completed({"help", "plugin.threw"}), "plugin.threw\n");
  EXPECT_EQ(completed({"dev", "--config", ""}), "\n") << "files are the shell's to complete";
  for (const char* shell : {"bash", "zsh", "fish"})
    EXPECT_NE(refused({"completion", shell}).text.find("__complete"), std::string::npos) << shell;
  EXPECT_EQ(refused({"completion", "csh"}).exit_code, ExitCode::usage);
}

TEST(Arguments, WhatOnlyAHostKnowsIsAskedOfIt) {
  const auto asked = [](std::vector<std::string> words) {
    words.insert(words.begin(), "__complete");
    return parsed<CompleteArguments>(words);
  };
  EXPECT_EQ(asked({"task", "get", "4"}).wanted, LiveValues::task_ids);
  EXPECT_EQ(asked({"task", "get", "4"}).typed, "4");
  EXPECT_EQ(asked({"task", "watch", ""}).wanted, LiveValues::task_ids);
  EXPECT_EQ(asked({"task", "submit", "sh"}).wanted, LiveValues::handlers);
  EXPECT_EQ(asked({"task", "start", "--wait", "sh"}).wanted, LiveValues::handlers);
  EXPECT_EQ(asked({"task", "list", "--version", ""}).wanted, LiveValues::versions);
  EXPECT_EQ(asked({"task", "list", "--name", ""}).wanted, LiveValues::names);
  const auto joined = asked({"task", "list", "--server", "http://h:1", "--namespace=sh"});
  EXPECT_EQ(joined.wanted, LiveValues::namespaces);
  EXPECT_EQ(joined.server, "http://h:1");
  EXPECT_EQ(joined.typed, "sh");
  EXPECT_EQ(joined.before, "--namespace=");
  EXPECT_EQ(asked({"task", "get", "--server=http://h:1", ""}).server, "http://h:1");
}

TEST(Arguments, LiveValuesAreThoseThatBeginWithWhatWasTyped) {
  using Values = std::vector<std::string>;
  const std::string plugins = R"({"plugins": [
    {"namespace": "shop", "name": "cart", "version": "1.0.0", "state": "active"},
    {"namespace": "shop", "name": "cart", "version": "1.1.0", "state": "active"},
    {"namespace": "shop", "name": "old", "version": "1.0.0", "state": "draining"},
    {"namespace": "default", "name": "send", "version": "2.0.0", "state": "active"}, {"file": "x.so", "state": "ignored"}]})";
  EXPECT_EQ(values_in(plugins, LiveValues::handlers, "s"), (Values{"shop/cart", "send"}));
  EXPECT_EQ(values_in(plugins, LiveValues::handlers, "shop/cart@"), (Values{"shop/cart@1.0.0", "shop/cart@1.1.0"}));
  EXPECT_EQ(values_in(plugins, LiveValues::plugin_versions, "shop/cart"), (Values{"shop/cart@1.0.0", "shop/cart@1.1.0"}));
  EXPECT_EQ(values_in(plugins, LiveValues::plugin_names, "shop"), (Values{"shop/cart", "shop/old"}));
  EXPECT_EQ(values_in(plugins, LiveValues::namespaces, ""), (Values{"shop", "default"}));
  EXPECT_EQ(values_in(plugins, LiveValues::names, "o"), (Values{"old"}));
  EXPECT_EQ(values_in(plugins, LiveValues::versions, "1."), (Values{"1.0.0", "1.1.0"}));
  EXPECT_EQ(values_in(R"({"tasks": [{"task_id": 64}, {"task_id": 7}, {"task_id": 65}]})", LiveValues::task_ids, "6"), (Values{"64", "65"}));
  for (const char* odd : {"", "[]", "{}", "{\"plugins\": 1}", "{\"tasks\": [1]}"})
    EXPECT_EQ(values_in(odd, LiveValues::task_ids, ""), Values{}) << odd;
}

TEST(Arguments, OperatorsNameOnePluginVersion) {
  const auto retire = parsed<PluginVersionArguments>({"plugin", "retire", "shop/cart@1.0.0", "--when-drained", "--timeout", "2m"});
  EXPECT_EQ(retire.wish, PluginVersionArguments::Wish::retire);
  EXPECT_EQ(retire.namespace_name + " " + retire.name + " " + retire.version, "shop cart 1.0.0");
  EXPECT_TRUE(retire.when_drained);
  EXPECT_EQ(retire.timeout, std::chrono::minutes(2));
  EXPECT_EQ(parsed<PluginVersionArguments>({"plugin", "show", "send@2.0.0"}).namespace_name, "default");
  EXPECT_EQ(parsed<PluginVersionArguments>({"plugin", "resume", "send@2.0.0"}).wish, PluginVersionArguments::Wish::resume);
  const auto retry = parsed<PluginVersionArguments>({"plugin", "retry", "shop/cart@1.0.0", "--reason", "it was mended"});
  EXPECT_EQ(retry.wish, PluginVersionArguments::Wish::retry);
  EXPECT_EQ(retry.reason, "it was mended");
  EXPECT_NE(refused({"plugin", "retire", "shop/cart"}).text.find("names no version"), std::string::npos);
  EXPECT_NE(refused({"plugin", "retire", "shop/cart@^1"}).text.find("names no version"), std::string::npos);
  EXPECT_NE(refused({"plugin", "retire", "shop/cart@1.0.0", "--timeout", "5s"}).text.find("--when-drained"), std::string::npos);
  const auto pin = parsed<PluginDefaultArguments>({"plugin", "default", "shop/cart", "1.4.0"});
  EXPECT_EQ(pin.name + " " + pin.version, "cart 1.4.0");
  EXPECT_TRUE(parsed<PluginDefaultArguments>({"plugin", "default", "shop/cart", "--latest"}).latest);
  EXPECT_EQ(refused({"plugin", "default", "shop/cart", "1.4.0", "--latest"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"plugin", "default", "shop/cart", "^1"}).exit_code, ExitCode::usage);
  EXPECT_NE(refused({"plugin", "default", "shop/cart@1.4.0"}).text.find("tasker plugin default shop/cart 1.4.0"), std::string::npos);
}

TEST(Arguments, AnIdempotencyKeyIsOnePrintableWord) {
  EXPECT_EQ(parsed<TaskSubmitArguments>({"task", "submit", "a", "--idempotency-key", "order-7"}).idempotency_key, "order-7");
  // As an unset variable leaves it.
  for (const std::vector<std::string>& words : {std::vector<std::string>{"task", "submit", "a", "--idempotency-key", ""},
                                                {"task", "submit", "a", "--idempotency-key="}, {"task", "submit", "--from-file", "x", "--idempotency-key", ""}})
    EXPECT_NE(refused(words).text.find("--idempotency-key: the key is empty"), std::string::npos) << refused(words).text;
  EXPECT_NE(refused({"task", "submit", "a", "--tag", ""}).text.find("--tag: a tag is empty"), std::string::npos);
  EXPECT_NE(refused({"task", "submit", "a", "--tag", "x", "--tag="}).text.find("--tag: "), std::string::npos);
  EXPECT_NE(refused({"task", "submit", "a", "--wait", "--timeout", "5x"}).text.find("--timeout: '5x' is not a time"), std::string::npos);
  for (const std::string& key : {std::string("two words"), std::string("line\nHost: x"), std::string("größe"), std::string(201, 'k')})
    EXPECT_EQ(refused({"task", "submit", "a", "--idempotency-key", key}).exit_code, ExitCode::usage) << key;
}

TEST(Arguments, WaitingTakesATime) {
  EXPECT_EQ(parsed<MigrateArguments>({"migrate", "--wait", "2m"}).wait, std::chrono::minutes(2));
  EXPECT_EQ(parsed<MigrateArguments>({"migrate"}).wait, std::nullopt);
  EXPECT_EQ(refused({"migrate", "--wait", "long"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"serve", "--check-config", "--print-config"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "list", "-q", "-v"}).exit_code, ExitCode::usage);
}

TEST(Arguments, TheManualHasEveryCommand) {
  const auto page = refused({"help", "man"}).text;
  EXPECT_TRUE(page.starts_with(".TH TASKER 1")) << page.substr(0, 40);
  for (const char* part : {".SS tasker task submit\n", ".SS tasker config view\n", "\\-\\-idempotency\\-key", ".SH EXIT STATUS\n"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
}

TEST(Arguments, AnIdIsAPositiveNumber) {
  EXPECT_EQ(parsed<TaskGetArguments>({"task", "get", "42"}).task, 42);
  EXPECT_EQ(parsed<TaskWatchArguments>({"task", "watch", "42"}).task, 42);
  EXPECT_EQ(refused({"task", "get", "x"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task", "get", "0"}).exit_code, ExitCode::usage);
}

TEST(Arguments, PluginAndVersionVerbs) {
  EXPECT_EQ(parsed<PluginListArguments>({"plugin", "list", "-o", "json"}).client.output, OutputFormat::json);
  EXPECT_EQ(parsed<PluginInspectArguments>({"plugin", "inspect", "a.so"}).file, "a.so");
  EXPECT_EQ(parsed<TemplateCheckArguments>({"template", "check", "a.yaml", "b.yaml"}).files.size(), 2u);
  EXPECT_EQ(refused({"template", "check"}).exit_code, ExitCode::usage);
  EXPECT_EQ(parsed<VersionArguments>({"version"}).output, OutputFormat::table);
}

TEST(Arguments, HelpIsNoErrorAndNothingIsOne) {
  const auto help = refused({"--help"});
  EXPECT_EQ(help.exit_code, ExitCode::ok);
  for (const char* verb : {"serve", "dev", "migrate", "task", "plugin", "version", "Exit codes"})
    EXPECT_NE(help.text.find(verb), std::string::npos) << verb;
  EXPECT_EQ(refused({}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"task"}).exit_code, ExitCode::usage);
  EXPECT_EQ(refused({"fly"}).exit_code, ExitCode::usage);
  EXPECT_NE(refused({"fly"}).text.find("'fly'"), std::string::npos);
  EXPECT_NE(refused({"task", "fly"}).text.find("tasker task --help"), std::string::npos);
  EXPECT_EQ(refused({"version", "-o", "wide"}).exit_code, ExitCode::usage);
}

TEST(Arguments, VersionIsAFlagToo) {
  EXPECT_EQ(parsed<VersionArguments>({"--version"}).output, OutputFormat::table);
}

// Every command there is, found as a shell would find it.
std::vector<std::vector<std::string>> commands_below(const std::vector<std::string>& level) {
  std::vector<std::vector<std::string>> found{level};
  if (!level.empty() && (level.back() == "help" || level.back() == "completion")) return found;  // their words are no commands
  auto words = level;
  words.emplace_back();
  std::istringstream lines(completed(words));
  for (std::string name; std::getline(lines, name);) {
    if (name.empty()) continue;
    words.back() = name;
    for (auto& below : commands_below(words)) found.push_back(std::move(below));
  }
  return found;
}

TEST(Arguments, EveryCommandHasHelpWithinEightyColumnsAndAnExampleThatParses) {
  const auto commands = commands_below({});
  EXPECT_GE(commands.size(), 17u) << "the walk has lost its way";
  for (auto words : commands) {
    const auto name = testing::PrintToString(words);
    words.emplace_back("--help");
    const auto help = refused(words);
    EXPECT_EQ(help.exit_code, ExitCode::ok) << name;
    std::istringstream lines(help.text);
    std::string example;
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 80u) << line;
      if (line.starts_with("Example: tasker ")) example = line.substr(16);
    }
    EXPECT_NE(example, "") << name;
    if (example.find_first_of("'|") != std::string::npos) continue;  // for a shell to take apart
    std::istringstream parts(example);
    std::vector<std::string> typed;
    for (std::string word; parts >> word;) typed.push_back(word);
    const auto outcome = parse_arguments(typed);
    const auto* notice = std::get_if<Notice>(&outcome);
    EXPECT_TRUE(notice == nullptr || notice->exit_code == ExitCode::ok) << example << ": " << (notice ? notice->text : "");
  }
}

TEST(Arguments, EveryComplaintHasACodeAndNoneIsTheParsersOwn) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {}, {"task"}, {"tusk"}, {"task", "get"}, {"task", "get", "x"}, {"task", "list", "-o", "xml"}, {"task", "list", "--limit", "0"},
           {"task", "list", "--limit"}, {"version", "more"}, {"completion"}, {"completion", "csh"}, {"config"}, {"dev", "--nope"},
           {"plugin", "inspect"}, {"task", "get", "1", "--color", "red"}}) {
    const auto notice = refused(words);
    EXPECT_EQ(notice.exit_code, ExitCode::usage) << testing::PrintToString(words);
    ASSERT_TRUE(notice.error) << testing::PrintToString(words);
    EXPECT_EQ(notice.error->code, Code::command_invalid);
    EXPECT_TRUE(notice.text.starts_with("tasker: command.invalid: ")) << notice.text;
    EXPECT_EQ(notice.text.find("CLI::"), std::string::npos) << notice.text;
  }
  EXPECT_EQ(refused({"task", "list", "-o", "jsno"}).text,
            "tasker: command.invalid: --output: 'jsno' is no format; there are table, json, yaml, wide, jsonl, name; did you mean json? Run with "
            "--help for more information\n");
}

TEST(Arguments, JsonIsAskedForAlsoByWordsThatCannotBeParsed) {
  EXPECT_TRUE(asks_for_json({"tusk", "-o", "json"}));
  EXPECT_TRUE(asks_for_json({"task", "list", "--output=JSON", "--nope"}));
  EXPECT_TRUE(asks_for_json({"task", "list", "-ojsonl"}));
  EXPECT_FALSE(asks_for_json({"task", "list", "-o", "table"}));
  EXPECT_FALSE(asks_for_json({"task", "list", "-o"}));
  EXPECT_EQ(json_of(make_error(Code::not_found, "no \"x\""), ExitCode::not_found),
            R"({"error":{"code":"not_found","message":"no \"x\"","exit_code":3}})");
}

TEST(TaskName, IsSplitIntoItsParts) {
  EXPECT_EQ(parse_task_name("order")->namespace_name, "default");
  EXPECT_EQ(parse_task_name("a/b@1.0.0")->version, "1.0.0");
  EXPECT_FALSE(parse_task_name(""));
  EXPECT_FALSE(parse_task_name("/b"));
  EXPECT_FALSE(parse_task_name("a/"));
}

TEST(Duration, KnowsItsUnits) {
  EXPECT_EQ(parse_duration("500ms")->count(), 500);
  EXPECT_EQ(parse_duration("30")->count(), 30000);
  EXPECT_EQ(parse_duration("2h")->count(), 7200000);
  for (const char* wrong : {"", "x", "-1s", "1d", "1e30s", "nan", "inf"}) EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(ExitCodes, FollowTheErrorsCode) {
  EXPECT_EQ(exit_code_of(make_error(Code::not_found, "")), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(make_error(Code::unknown_handler, "")), ExitCode::not_found);
  EXPECT_EQ(exit_code_of(make_error(Code::not_allowed, "")), ExitCode::not_allowed);
  EXPECT_EQ(exit_code_of(make_error(Code::data_dir_in_use, "")), ExitCode::conflict);
  EXPECT_EQ(exit_code_of(make_error(Code::server_unreachable, "")), ExitCode::unreachable);
  EXPECT_EQ(exit_code_of(make_error(Code::timed_out, "")), ExitCode::timed_out);
  EXPECT_EQ(exit_code_of(make_error(Code::context_invalid, "")), ExitCode::failed);
}

}  // namespace
}  // namespace tasker::app
