// The command line against a running host: what it prints, and the exit code that a script goes by.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

// Whether a process has something in place of this signal's default.
bool catches(pid_t process, int signal) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  unsigned long long mask = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:") || line.starts_with("SigBlk:")) mask |= std::stoull(line.substr(7), nullptr, 16);
  return (mask >> (signal - 1) & 1) != 0;
}

using testing::HasSubstr;

class Cli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    for (const char* plugin : {"echo", "flaky", "fails_for_good", "blocker"})
      place_->drop(std::string("test/") + plugin + "-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    for (const char* plugin : {"echo", "flaky", "fails_for_good", "blocker"})
      ASSERT_TRUE(eventually([&] { return host_->http().has_loaded(plugin); })) << plugin;
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  static Finished run(const std::vector<std::string>& arguments) {
    return run_tasker(arguments, {"TASKER_SERVER=http://127.0.0.1:" + std::to_string(host_->http().port())});
  }
  static std::string trimmed(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

TEST_F(Cli, SubmitsAndShowsATask) {
  const auto submitted = run({"task", "submit", "test/echo@^1.0", "--context", R"({"n":12345678901234567890123})", "--wait"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  const auto id = trimmed(submitted.out);
  EXPECT_THAT(submitted.err, HasSubstr("task " + id + " complete"));

  const auto shown = run({"task", "get", id});
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, HasSubstr("test/echo@1.0.0"));
  EXPECT_THAT(shown.out, HasSubstr("run\tcomplete\t1"));
  const auto json = run({"task", "get", id, "-o", "json"});
  EXPECT_EQ(Json::parse(json.out).at("task").at("detail"), "complete");
  EXPECT_THAT(json.out, HasSubstr("12345678901234567890123"));
}

TEST_F(Cli, SubmitsManyAndListsThem) {
  const auto submitted = run({"task", "submit", "test/echo", "--count", "3", "--tag", "many", "-o", "json"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  const auto ids = Json::parse(submitted.out).at("task_ids");
  ASSERT_EQ(ids.size(), 3u);
  const auto listed = run({"task", "list", "--namespace", "test", "--name", "echo"});
  EXPECT_EQ(listed.exit_code, 0);
  for (const auto& id : ids) EXPECT_THAT(listed.out, HasSubstr(std::to_string(id.get<std::int64_t>()) + "\ttest/echo@1.0.0"));
  const auto json = run({"task", "list", "--limit", "2", "-o", "json"});
  EXPECT_EQ(Json::parse(json.out).at("tasks").size(), 2u);

  const auto page = run({"task", "list", "--tag", "many", "--limit", "2"});
  EXPECT_EQ(page.exit_code, 0) << page.err;
  EXPECT_THAT(page.err, HasSubstr("there are more"));
  const auto cursor = page.err.substr(page.err.find("--after ") + 8);
  const auto rest = run({"task", "list", "--tag", "many", "--limit", "2", "--after", cursor.substr(0, cursor.find(' '))});
  EXPECT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(rest.err, "");
  for (const auto& id : ids) {
    const auto line = std::to_string(id.get<std::int64_t>()) + "\ttest/echo@1.0.0";
    EXPECT_NE(page.out.find(line) == std::string::npos, rest.out.find(line) == std::string::npos) << id;
  }
}

TEST_F(Cli, SaysHowATaskEnded) {
  const auto failed = run({"task", "submit", "test/fails_for_good", "--wait"});
  EXPECT_EQ(failed.exit_code, 10);
  EXPECT_THAT(failed.err, HasSubstr("test.refused: refused on purpose"));
}

TEST_F(Cli, NamesTenFailedTasksAndSaysThatThereWereMore) {
  const auto failed = run({"task", "submit", "test/fails_for_good", "--count", "12", "--wait"});
  EXPECT_EQ(failed.exit_code, 10);
  EXPECT_THAT(failed.err, HasSubstr("\nand 2 more; see: tasker task list --status error\nnone of 12 tasks is complete\n"));
  EXPECT_EQ(std::count(failed.err.begin(), failed.err.end(), '\n'), 12) << failed.err;
}

TEST_F(Cli, TellsErrorsAsJsonWhenAskedFor) {
  const auto error_of = [](const Finished& finished) {
    EXPECT_EQ(finished.out, "");
    const auto error = Json::parse(finished.err).at("error");
    EXPECT_EQ(error.at("exit_code"), finished.exit_code);
    EXPECT_FALSE(error.at("message").get<std::string>().empty());
    return error.at("code").get<std::string>();
  };
  EXPECT_EQ(error_of(run({"task", "submit", "test/nobody", "-o", "json"})), "handler.unknown");
  EXPECT_EQ(error_of(run({"task", "get", "9007199254740991", "--output=json"})), "not_found");
  EXPECT_EQ(error_of(run({"task", "list", "-o", "json", "--limit", "0"})), "command.invalid");
  EXPECT_EQ(error_of(run({"tusk", "-o", "json"})), "command.invalid");
  EXPECT_EQ(error_of(run({"task", "submit", "test/echo", "--context", "{oops", "-o", "json"})), "request.invalid_json");
  EXPECT_EQ(error_of(run_tasker({"task", "list", "--server", "http://127.0.0.1:1", "-o", "json"})), "server.unreachable");
  EXPECT_EQ(error_of(run_tasker({"plugin", "inspect", "/etc/passwd", "-o", "json"})), "plugin.not_elf");
}

TEST_F(Cli, TellsHowTasksEndedAsJsonWhenAskedFor) {
  const auto failed = run({"task", "start", "test/fails_for_good", "--wait", "-o", "json"});
  EXPECT_EQ(failed.exit_code, 10);
  EXPECT_EQ(failed.err, "") << "stdout says it";
  std::istringstream lines(failed.out);
  std::string ids, task;
  std::getline(lines, ids);
  std::getline(lines, task);
  EXPECT_EQ(Json::parse(task).at("task").at("task_id"), Json::parse(ids).at("task_ids").at(0));
  EXPECT_EQ(Json::parse(task).at("task").at("detail"), "error");
  EXPECT_EQ(Json::parse(task).at("task").at("workflow_steps").at(0).at("last_error").at("code"), "test.refused");

  const auto quiet = run({"task", "start", "test/fails_for_good", "--wait", "--quiet"});
  EXPECT_EQ(quiet.exit_code, 10);
  EXPECT_EQ(quiet.err, "");
}

TEST_F(Cli, ListsLinesOrNamesForScripts) {
  const auto id = trimmed(run({"task", "submit", "test/echo"}).out);
  EXPECT_EQ(trimmed(run({"task", "list", "--limit", "1", "-o", "name"}).out), id);
  const auto lines = run({"task", "list", "--limit", "2", "-o", "jsonl"});
  EXPECT_EQ(std::count(lines.out.begin(), lines.out.end(), '\n'), 2);
  EXPECT_EQ(std::to_string(Json::parse(lines.out.substr(0, lines.out.find('\n'))).at("task_id").get<std::int64_t>()), id);
  EXPECT_THAT(run({"plugin", "list", "-o", "name"}).out, HasSubstr("test/echo@1.0.0\n"));
  EXPECT_THAT(run({"task", "get", id, "--color", "always"}).out, HasSubstr("\033[32mcomplete\033[0m"));
}

TEST_F(Cli, ADryRunSendsNothing) {
  const auto dry = run_tasker({"task", "submit", "test/echo", "--context", R"({"n":1.10})", "--dry-run", "--server", "http://127.0.0.1:1"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr(R"("context":{"n":1.10})"));
  EXPECT_EQ(Json::parse(dry.out).at("tasks").size(), 1u);
}

TEST_F(Cli, ShowsTheConfigurationAndWhereItCameFrom) {
  const auto file = place_->path("shown.yaml");
  write_file(file, "engine:\n  workers: 3\nplugins:\n  configuration:\n    a/b: {api_key: hunter2x}\n");
  const std::vector<std::string> environment = {"TASKER_DATABASE__URL=postgresql://u:hunter2x@h/d"};
  const auto table = run_tasker({"config", "view", "--origin", "--config", file.string()}, environment);
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("engine.workers\t3\t" + file.string() + ":2\n"));
  EXPECT_THAT(table.out, HasSubstr("database.url\tpostgresql://u:***@h/d\tenvironment variable TASKER_DATABASE__URL\n"));
  EXPECT_THAT(table.out, HasSubstr("engine.poll_ms\t250\tdefault\n"));
  const auto json = run_tasker({"config", "view", "--config", file.string(), "-o", "json"}, environment);
  EXPECT_EQ(Json::parse(json.out).at("engine.workers").at("value"), 3);
  EXPECT_EQ(Json::parse(json.out).at("plugins.configuration").at("value").at("a/b").at("api_key"), "***");
  for (const auto& finished : {table, json}) EXPECT_THAT(finished.out + finished.err, testing::Not(HasSubstr("hunter2x")));
  write_file(file, "enigne: {}\n");
  EXPECT_EQ(run_tasker({"config", "view", "--config", file.string()}).exit_code, 1);
}

TEST_F(Cli, GivesUpWaitingButTheTaskGoesOn) {
  const auto gate = place_->path("gate");
  const auto waiting = run({"task", "submit", "test/blocker", "--context", Json{{"until", gate.string()}}.dump(), "--wait",
                            "--timeout", "200ms"});
  EXPECT_EQ(waiting.exit_code, 7) << waiting.err;
  EXPECT_THAT(waiting.err, HasSubstr("command.timed_out"));
  write_file(gate, "");
  EXPECT_EQ(host_->http().ended(std::stoll(waiting.out)).at("detail"), "complete");
}

TEST_F(Cli, WatchesATaskToItsEnd) {
  const auto id = trimmed(run({"task", "submit", "test/flaky", "--context", R"({"failures":1,"retry_after_ms":300})"}).out);
  const auto watched = run({"task", "watch", id});
  EXPECT_EQ(watched.exit_code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("run complete, attempt 2 of 5"));
  EXPECT_THAT(watched.out, HasSubstr("task complete"));
}

TEST_F(Cli, SubmitsWhatAFileHolds) {
  const auto file = place_->path("tasks.json");
  write_file(file, R"({"tasks": [{"name":"echo","namespace":"test","context":{"n":12345678901234567890123}},
                                 {"name":"echo","namespace":"test"}]})");
  const auto submitted = run({"task", "start", "--from-file", file.string(), "--wait"});
  EXPECT_EQ(submitted.exit_code, 0) << submitted.err;
  EXPECT_THAT(submitted.err, HasSubstr("2 tasks complete\n"));
  EXPECT_THAT(run({"task", "get", submitted.out.substr(0, submitted.out.find('\n')), "-o", "json"}).out,
              HasSubstr("12345678901234567890123"));
  write_file(file, R"([{"name":"echo","namespace":"test"}, {"nme":"echo"}])");
  const auto refused = run({"task", "submit", "--from-file", file.string()});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, testing::AllOf(HasSubstr("2 things are wrong"), HasSubstr("(/tasks/1/nme)")));
  EXPECT_EQ(run({"task", "submit", "--from-file", "/nowhere.json"}).exit_code, 3);
}

TEST_F(Cli, SaysOnceWhatIsWrongWithManyTasks) {
  const auto once = run({"task", "submit", "test/echo@^7"});
  EXPECT_EQ(once.exit_code, 3);
  EXPECT_EQ(once.err, "tasker: handler.version_unknown: no living host offers test/echo in version '^7'; offered: 1.0.0\n");
  EXPECT_EQ(run({"task", "submit", "test/echo@^7", "--count", "50"}).err, once.err);
}

TEST_F(Cli, HintsAtTheHandlerThatWasMeant) {
  const auto elsewhere = run({"task", "submit", "echo"});
  EXPECT_EQ(elsewhere.exit_code, 3);
  EXPECT_THAT(elsewhere.err, testing::AllOf(HasSubstr("handler.unknown"), HasSubstr("did you mean test/echo?")));
  EXPECT_EQ(run({"task", "submit", "Test/Ecko"}).err,
            "tasker: handler.unknown: no handler Test/Ecko is known; `tasker plugin list` shows what is there; did you mean test/echo?\n");
  place_->drop("test/missing_handler-1.0.0.so");
  ASSERT_TRUE(eventually([] { return run({"plugin", "list"}).out.find("missing_handler\t1.0.0\trefused") != std::string::npos; }));
  EXPECT_THAT(run({"task", "submit", "test/missing_handler"}).err,
              HasSubstr("plugin test/missing_handler 1.0.0 was refused: plugin.handler_missing"));
}

TEST_F(Cli, WaitingSaysOnceThatTheHostIsAway) {
  TempDb database;
  Workplace place;
  place.drop("test/blocker-1.0.0.so");
  auto first = place.serve(database.conninfo());
  ASSERT_TRUE(first->wait_until_ready());
  const auto url = "http://127.0.0.1:" + std::to_string(first->http().port());
  const auto gate = place.path("away.gate"), inside = place.path("away.inside");
  TaskerProcess waiting({"task", "submit", "test/blocker", "--wait", "--server", url, "--context",
                         Json{{"until", gate.string()}, {"started", inside.string()}}.dump()}, place.path("away.out"));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside); }));
  first->kill_hard();
  ASSERT_TRUE(waiting.wait_for_output("no answer from " + url + ", waiting"));
  waiting.signal(SIGINT);
  EXPECT_EQ(waiting.wait_for_exit(), 130) << waiting.output();
  const auto said = waiting.output();
  EXPECT_EQ(said.find("no answer"), said.rfind("no answer")) << said;
}

// The signal comes when the request was made: the verb then waits for the task alone.
TEST_F(Cli, InterruptedWaitingIsItsOwnCodeAndTheTaskGoesOn) {
  const auto gate = place_->path("interrupted.gate"), inside = place_->path("interrupted.inside");
  TaskerProcess waiting({"task", "submit", "test/blocker", "--wait", "--server",
                         "http://127.0.0.1:" + std::to_string(host_->http().port()), "--context",
                         Json{{"until", gate.string()}, {"started", inside.string()}}.dump()},
                        place_->path("interrupted.out"));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside) && catches(waiting.pid(), SIGINT); }));
  waiting.signal(SIGINT);
  EXPECT_EQ(waiting.wait_for_exit(), 130);
  EXPECT_THAT(waiting.output(), testing::AllOf(HasSubstr("command.interrupted: stopped watching"), HasSubstr("goes on")));
  write_file(gate, "");
  EXPECT_EQ(host_->http().ended(std::stoll(waiting.output())).at("detail"), "complete");
}

TEST_F(Cli, AServerThatIsNoTaskerIsTold) {
  const auto server = "http://127.0.0.1:" + std::to_string(host_->http().port());
  const auto answer = run_tasker({"plugin", "list", "--server", server + "/tasker/health/live#"});
  EXPECT_EQ(answer.exit_code, 1) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("server.bad_answer"));
}

TEST_F(Cli, ExplainsItsCodes) {
  const auto help = run_tasker({"help", "plugin.truncated"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, testing::AllOf(HasSubstr("cause"), HasSubstr("cure")));
}

TEST_F(Cli, AnIdempotencyKeyCreatesTasksOnce) {
  const std::vector<std::string> submit = {"task", "submit", "test/echo", "--count", "2", "--idempotency-key", "cli-once"};
  const auto first = run(submit);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_EQ(run(submit).out, first.out);
  auto other = submit;
  other[4] = "3";
  const auto refused = run(other);
  EXPECT_EQ(refused.exit_code, 5);
  EXPECT_THAT(refused.err, HasSubstr("request.key_reused"));
  // More tasks than a request takes: each request of the command has a key of its own.
  auto many = submit;
  many[4] = "1500";
  many.back() = "cli-many";
  const auto created = run(many);
  EXPECT_EQ(std::count(created.out.begin(), created.out.end(), '\n'), 1500) << created.err;
  EXPECT_EQ(run(many).out, created.out);
}

TEST_F(Cli, ShowsAnswersAsYamlAndWideTables) {
  const auto id = trimmed(run({"task", "submit", "test/echo", "--tag", "wide", "--tag", "b", "--priority", "2", "--context",
                               R"({"n":12345678901234567890123})"}).out);
  EXPECT_THAT(run({"task", "get", id, "-o", "yaml"}).out, testing::AllOf(HasSubstr("task:\n"), HasSubstr("    \"n\": 12345678901234567890123\n"),
                                                                        HasSubstr("  task_id: " + id + "\n")));
  EXPECT_THAT(run({"task", "list", "--tag", "wide", "-o", "wide"}).out, testing::AllOf(HasSubstr(id + "\ttest/echo@1.0.0\t"), HasSubstr("\t2\tunknown\t"),
                                                                                      HasSubstr("\twide,b\n")));
  EXPECT_THAT(run({"task", "submit", "test/fails_for_good", "--wait", "-o", "yaml"}).out,
              testing::AllOf(testing::StartsWith("---\ntask_ids:\n"), HasSubstr("---\ntask:\n"), HasSubstr("code: test.refused\n")));
  EXPECT_THAT(run_tasker({"config", "view", "-o", "yaml"}).out, HasSubstr("engine.workers:\n  value: 16\n"));
  EXPECT_THAT(run_tasker({"version", "-o", "yaml"}).out, testing::MatchesRegex("version: \"?[0-9.]+\"?\n"));
}

TEST_F(Cli, CompletesWhatTheHostKnows) {
  const auto id = trimmed(run({"task", "submit", "test/echo"}).out);
  const auto completed = [](std::vector<std::string> words) {
    words.insert(words.begin(), "__complete");
    return run(words);
  };
  // It gives the host a moment only, which a busy machine may need longer than.
  ASSERT_TRUE(eventually([&] { return completed({"task", "get", id}).out == id + "\n"; }));
  ASSERT_TRUE(eventually([&] { return completed({"task", "submit", "test/ec"}).out == "test/echo\n"; }));
}

TEST_F(Cli, MigrateWaitsForADatabaseThatIsNotThereYet) {
  const auto never = run_tasker({"migrate", "--database", "host=/nowhere dbname=x", "--wait", "700ms"});
  EXPECT_EQ(never.exit_code, 6);
  EXPECT_THAT(never.err, testing::AllOf(HasSubstr("waiting for the database: "), HasSubstr("database.unavailable")));
}

TEST_F(Cli, ServeSaysWhereToNameTheDatabaseAndWhichVariableIsIgnored) {
  const auto config = place_->configuration("host=/nowhere dbname=x", {}, "nowhere");
  const auto failed = run_tasker({"serve", "--config", config}, {"TASKER_HTTP_LISTEN=127.0.0.1:1"});
  EXPECT_EQ(failed.exit_code, 6);
  EXPECT_THAT(failed.err, testing::AllOf(HasSubstr("TASKER_HTTP_LISTEN is ignored; did you mean TASKER_HTTP__LISTEN"),
                                         HasSubstr("database.url of the configuration file or TASKER_DATABASE__URL")));
}

TEST_F(Cli, ServeKeepsAPidFileWhileItRuns) {
  const auto file = place_->path("tasker.pid");
  write_file(file, "1\n");  // of a host that was killed
  TempDb database;
  TaskerProcess host({"serve", "--config", place_->configuration(database.conninfo(), {}, "pid"), "--pid-file", file.string()},
                     place_->path("pid.out"));
  ASSERT_TRUE(host.wait_until_ready());
  EXPECT_EQ(read_file(file), std::to_string(host.pid()) + "\n");
  const auto second = run_tasker({"serve", "--config", place_->configuration(database.conninfo(), {}, "pid"), "--pid-file", file.string()});
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr("it names process " + std::to_string(host.pid()) + ", a tasker that is running"));
  EXPECT_EQ(read_file(file), std::to_string(host.pid()) + "\n");
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait_for_exit(), 0) << host.output();
  EXPECT_FALSE(std::filesystem::exists(file));
  const auto nowhere = run_tasker({"serve", "--config", place_->configuration(database.conninfo(), {}, "pid"), "--pid-file", "/nowhere/x"});
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("--pid-file: cannot write /nowhere/x: No such file or directory"));
  const auto folder = place_->path("folder");
  std::filesystem::create_directory(folder);
  const auto taken = run_tasker({"serve", "--config", place_->configuration(database.conninfo(), {}, "pid"), "--pid-file", folder.string()});
  EXPECT_EQ(taken.exit_code, 2);
  EXPECT_THAT(taken.err, HasSubstr("Is a directory"));
  EXPECT_FALSE(std::filesystem::exists(folder.string() + ".new"));
}

TEST_F(Cli, ReadsTasksAndContextsFromStdin) {
  const auto answer = [&](const std::string& arguments, const std::string& input) {
    const auto out = place_->path("stdin.out");
    write_file(place_->path("stdin.in"), input);
    const auto command = "'" + tasker_program().string() + "' task submit " + arguments + " --server http://127.0.0.1:" +
                         std::to_string(host_->http().port()) + " < '" + place_->path("stdin.in").string() + "' > '" + out.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return host_->http().ended(std::stoll(read_file(out))).at("context");
  };
  EXPECT_EQ(answer("test/echo --context -", R"({"n":7})"), Json::parse(R"({"n":7})"));
  EXPECT_EQ(answer("--from-file -", R"({"name":"echo","namespace":"test","context":{"n":8}})"), Json::parse(R"({"n":8})"));
}

TEST_F(Cli, ListsPlugins) {
  const auto table = run({"plugin", "list"});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.out, HasSubstr("test\techo\t1.0.0\tactive"));
  EXPECT_GE(Json::parse(run({"plugin", "list", "-o", "json"}).out).at("plugins").size(), 4u);
}

TEST_F(Cli, InspectsAFileWithoutAHost) {
  const auto good = run_tasker({"plugin", "inspect", built_plugin("test/ledger-1.0.0.so").string(), "-o", "json"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(Json::parse(good.out).at("definition").at("step_templates").size(), 4u);
  EXPECT_THAT(run_tasker({"plugin", "inspect", built_plugin("test/ledger-1.0.0.so").string()}).out,
              HasSubstr("step\tsecond (handler append) after first"));
  const auto bad = run_tasker({"plugin", "inspect", "/etc/passwd"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("plugin."));
  EXPECT_EQ(run_tasker({"plugin", "inspect", "/nowhere/x-1.0.0.so"}).exit_code, 3);

  const TempDir dir;
  std::filesystem::copy_file(built_plugin("test/ledger-1.0.0.so"), dir.path() / "other-1.0.0.so");
  const auto misnamed = run_tasker({"plugin", "inspect", (dir.path() / "other-1.0.0.so").string()});
  EXPECT_EQ(misnamed.exit_code, 1);
  EXPECT_THAT(misnamed.err, HasSubstr("plugin.path_mismatch"));
}

TEST_F(Cli, ChecksTemplatesWithoutAHost) {
  const TempDir dir;
  const auto path = [&](const char* name) { return (dir.path() / name).string(); };
  const std::string head = "name: flow\nversion: 1.0.0\nstep_templates:\n";
  write_file(path("good.yaml"), head + "  - name: a\n    handler_class: std/json#reshape\n");
  write_file(path("misspelt.yaml"), head + "  - name: a\n  - name: b\n    depends_on_step: aa\n");
  write_file(path("circle.yaml"), head + "  - name: a\n    depends_on_step: b\n  - name: b\n    depends_on_step: a\n");
  write_file(path("schema.yaml"), "name: flow\nschema: {type: objekt}\nstep_templates:\n  - name: a\n");
  write_file(path("flow-2.0.0.yaml"), head + "  - name: a\n    handler_class: std/json#reshape\n");

  const auto good = run_tasker({"template", "check", path("good.yaml")});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("default/flow@1.0.0, 1 step, good"));
  const auto bad = run_tasker({"template", "check", path("good.yaml"), path("misspelt.yaml"), path("circle.yaml"), path("schema.yaml")});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.err, HasSubstr("misspelt.yaml:6:"));
  EXPECT_THAT(bad.err, HasSubstr("template.cycle"));
  EXPECT_THAT(bad.err, HasSubstr("schema.yaml:2:"));
  EXPECT_THAT(run_tasker({"template", "check", path("flow-2.0.0.yaml")}).err, HasSubstr("plugin.version_mismatch"));
  EXPECT_EQ(run_tasker({"template", "check", path("nowhere.yaml")}).exit_code, 3);
  EXPECT_THAT(run_tasker({"plugin", "inspect", path("good.yaml")}).err, HasSubstr("tasker template check"));
  const auto rows = Json::parse(run_tasker({"template", "check", path("good.yaml"), path("circle.yaml"), "-o", "json"}).out).at("files");
  EXPECT_EQ(rows.at(0).at("ok"), true);
  EXPECT_EQ(rows.at(1).at("faults").at(0).at("code"), "template.cycle");
  write_file(path("mixed.yaml"), head + "  - name: a\n    handler_class: std/json#reshape\n  - name: b\n");
  EXPECT_THAT(run_tasker({"template", "check", path("mixed.yaml")}).err, HasSubstr("and step b has no handler"));
  write_file(path("list.yaml"), "- name: a\n");
  const auto list = run_tasker({"template", "check", path("list.yaml")});
  EXPECT_EQ(std::count(list.err.begin(), list.err.end(), '\n'), 1) << list.err;
  write_file(path("many.yaml"), "name: Flow\nversion: 1\nstep_templates:\n  - name: a\n    retryable: true\n  - name: b\n    depends_on_step: aa\n");
  const auto many = run_tasker({"template", "check", path("many.yaml")});
  for (const char* place : {"many.yaml:1:7: name", "many.yaml:2:10: version", "many.yaml:5:5: step_templates[0].retryable", "many.yaml:7:22: step_templates[1]"})
    EXPECT_THAT(many.err, HasSubstr(place));
}

TEST_F(Cli, MigratesADatabaseAsOftenAsAsked) {
  TempDb empty(TempDb::Kind::empty);
  const auto first = run_tasker({"migrate", "--database", empty.conninfo()});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("applied 0001"));
  const auto second = run_tasker({"migrate", "--database", empty.conninfo()});
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_THAT(second.err, testing::Not(HasSubstr("applied")));
  const auto nowhere = run_tasker({"migrate", "--database", "host=/nowhere dbname=x"});
  EXPECT_EQ(nowhere.exit_code, 6);
  EXPECT_THAT(nowhere.err, testing::AllOf(HasSubstr("database.unavailable: cannot connect"), HasSubstr("--database"),
                                          testing::Not(HasSubstr("tried again"))));
}

TEST_F(Cli, SaysItsVersion) {
  EXPECT_THAT(run_tasker({"version"}).out, testing::MatchesRegex("tasker [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_TRUE(Json::parse(run_tasker({"version", "-o", "json"}).out).contains("version"));
}

TEST_F(Cli, ChecksAConfiguration) {
  const auto good = place_->configuration(database_->conninfo(), {}, "checked");
  EXPECT_EQ(run_tasker({"serve", "--check-config", "--config", good}).exit_code, 0);
  EXPECT_THAT(run_tasker({"serve", "--print-config", "--config", good}).out, HasSubstr("engine.poll_ms\t"));
  EXPECT_EQ(run_tasker({"serve", "--check-config"}, {"TASKER_CONFIG=" + good}).exit_code, 0);
  if (!std::filesystem::exists("/etc/tasker/tasker.yaml")) {
    EXPECT_EQ(run_tasker({"serve", "--check-config"}).exit_code, 3);
  }
  const auto missing = run_tasker({"serve", "--config", "/nowhere.yaml"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("config.not_found"));
  EXPECT_EQ(run_tasker({"serve", "--config", "/etc"}).exit_code, 1) << "a folder";
  const auto bad = place_->path("bad.yaml");
  write_file(bad, "engine:\n  wokers: 3\n");
  const auto answer = run_tasker({"serve", "--check-config", "--config", bad.string()});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_THAT(answer.err, testing::AllOf(HasSubstr("config.invalid"), HasSubstr("bad.yaml:2"), HasSubstr("workers")));
}

TEST_F(Cli, TellsUsageFromFailure) {
  EXPECT_EQ(run({}).exit_code, 2);
  EXPECT_EQ(run({"tusk"}).exit_code, 2);
  EXPECT_EQ(run({"task", "get", "seven"}).exit_code, 2);
  EXPECT_EQ(run({"task", "submit", "test/echo", "--context", "{oops"}).exit_code, 2);
  EXPECT_EQ(run({"task", "list", "--status", "done"}).exit_code, 2);
  EXPECT_EQ(run({"task", "submit", "test/echo", "--start-at", "soon"}).exit_code, 2);
  EXPECT_EQ(run({"task", "list", "--after", "0"}).exit_code, 2);
  EXPECT_EQ(run_tasker({"dev", "--data", place_->path("unused").string(), "--listen", "0.0.0.0:1"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(place_->path("unused/pgdata"))) << "checked before a database is made";
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_EQ(run({"task", "get", "9007199254740991"}).exit_code, 3);
  EXPECT_EQ(run({"task", "submit", "test/nobody"}).exit_code, 3);
  EXPECT_EQ(run_tasker({"task", "list", "--server", "http://127.0.0.1:1"}).exit_code, 6);
}

}  // namespace
}  // namespace tasker::test
