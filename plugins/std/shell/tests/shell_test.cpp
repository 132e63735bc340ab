// std/shell as built, with real processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "plugins_shipped/plugin_file.h"
#include "support/files.h"

namespace tasker::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const json kAll = {{"enabled", true}, {"programs", {"*"}}, {"allow_shell", true}};

class StdShell : public testing::Test {
 protected:
  Answer run(const json& config, const json& context = json::object(), const std::atomic<std::uint32_t>* stop = nullptr) const {
    Attempt attempt{"run"};
    attempt.context = context;
    attempt.config = config;
    attempt.stop_bits = stop;
    return plugin_.run(attempt);
  }
  Answer script(const std::string& text, json more = json::object()) const {
    more["shell"] = text;
    return run(more);
  }
  // A pipe with a name: reading it waits for the writer, and ends when the last writer is gone.
  std::string fifo() const {
    const std::string path = folder_.path() / "fifo";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  TempDir folder_;
  PluginFile plugin_{"std/shell-1.0.0", kAll};
};

TEST_F(StdShell, RunsAProgramWithArgumentsOfTheTask) {
  const Answer answer = run({{"command", {"/usr/bin/printf", "%s|", "{/context/name}", "$(id) `id` ; id"}}}, {{"name", "a b\n'\""}});
  EXPECT_EQ(answer.kind, TASKER_OK) << answer.message;
  EXPECT_EQ(answer.payload, json({{"status", 0}, {"stdout", "a b\n'\"|$(id) `id` ; id|"}, {"stderr", ""}}));
}

TEST_F(StdShell, AScriptGetsTheTasksValuesAsParameters) {
  const Answer answer = run({{"shell", "echo \"$1\" >&2; cat; echo {/context/name}"}, {"args", {"{/context/name}"}}, {"stdin", "in {/context/name}\n"}},
                            {{"name", "$(reboot)"}});
  EXPECT_EQ(answer.payload["stdout"], "in $(reboot)\n{/context/name}\n") << answer.message;
  EXPECT_EQ(answer.payload["stderr"], "$(reboot)\n");
  EXPECT_THAT(run({{"shell", {{"$from", "/context/s"}}}}, {{"s", "id"}}).message, HasSubstr("what comes from the task goes into \"args\""));
}

TEST_F(StdShell, ExitStatusesAreClassified) {
  const Answer retry = script("echo first >&2; echo the disk is full >&2; exit 3");
  EXPECT_EQ(retry.kind, TASKER_RETRY);
  EXPECT_EQ(retry.code, "shell.exit_3");
  EXPECT_THAT(retry.message, HasSubstr("/bin/sh ended with status 3: the disk is full"));
  EXPECT_EQ(script("exit 3", {{"final_statuses", {2, 3}}}).kind, TASKER_FAIL);
  EXPECT_EQ(script("exit 3", {{"success_statuses", {0, 3}}}).payload["status"], 3);
  const Answer killed = script("kill -SEGV $$");
  EXPECT_EQ(killed.kind, TASKER_RETRY);
  EXPECT_EQ(killed.code, "shell.signal_11");
  const Answer missing = run({{"command", {"/nowhere/program"}}});
  EXPECT_EQ(missing.kind, TASKER_FAIL);
  EXPECT_EQ(missing.code, "shell.cannot_start");
  EXPECT_THAT(missing.message, HasSubstr("No such file"));
  EXPECT_EQ(run({{"command", {"/bin/true"}}, {"folder", "/nowhere"}}).code, "shell.cannot_start");
}

TEST_F(StdShell, OutputIsBoundedAndReadable) {
  EXPECT_EQ(script("head -c 1024 /dev/zero | tr '\\0' x", {{"max_output_kib", 1}}).kind, TASKER_OK);
  const Answer much = script("yes", {{"max_output_kib", 1}});
  EXPECT_EQ(much.kind, TASKER_FAIL);
  EXPECT_EQ(much.code, "shell.too_much_output");
  EXPECT_EQ(script("printf 'a\\377b'").payload["stdout"], "a\xEF\xBF\xBD" "b");
  EXPECT_EQ(script("echo '{\"a\": [1]}'", {{"parse_json", true}}).payload["json"], json({{"a", {1}}}));
  EXPECT_EQ(script("echo hello", {{"parse_json", true}}).code, "shell.bad_output");
  const std::string megabyte(1 << 20, 'x');
  EXPECT_EQ(script("wc -c", {{"stdin", megabyte}}).payload["stdout"], "1048576\n");
  EXPECT_EQ(script("exec 0<&-; true", {{"stdin", megabyte}}).kind, TASKER_OK) << "a program need not read";
}

TEST_F(StdShell, TheEnvironmentIsAListAndNoDescriptorsLeak) {
  ::setenv("TASKER_SECRET_OF_THE_HOST", "s", 1);
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const Answer answer = script("env; ls /proc/self/fd | wc -l", {{"environment", {{"ORDER", "7"}, {"LANG", "C"}}}});
  ::close(leaked);
  ::unsetenv("TASKER_SECRET_OF_THE_HOST");
  const auto text = answer.payload["stdout"].get<std::string>();
  EXPECT_THAT(text, testing::AllOf(HasSubstr("ORDER=7\n"), HasSubstr("LANG=C\n"), HasSubstr("PATH="), Not(HasSubstr("SECRET"))));
  EXPECT_THAT(text, testing::EndsWith("\n4\n")) << "0 to 2, and the folder that ls reads";
  EXPECT_EQ(script("pwd").payload["stdout"], "/\n");
}

// The grandchild holds the pipe open for as long as it lives: the end of the pipe is the end of the group.
TEST_F(StdShell, ATimeOutEndsTheWholeGroup) {
  const std::string pipe = fifo();
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  const Answer answer = script("exec 3>" + pipe + "; trap '' TERM; (trap '' TERM; sleep 600) & sleep 600 & wait", {{"timeout_seconds", 0.5}});
  EXPECT_EQ(answer.kind, TASKER_RETRY);
  EXPECT_EQ(answer.code, "shell.timeout");
  ::fcntl(reader, F_SETFL, 0);
  char byte = 0;
  EXPECT_EQ(::read(reader, &byte, 1), 0);
  ::close(reader);
}

TEST_F(StdShell, WhatACommandLeavesBehindEndsWithIt) {
  const std::string pipe = fifo();
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  const Answer answer = script("exec 3>" + pipe + "; sleep 600 & echo done");
  EXPECT_EQ(answer.payload["stdout"], "done\n");
  ::fcntl(reader, F_SETFL, 0);
  char byte = 0;
  EXPECT_EQ(::read(reader, &byte, 1), 0);
  ::close(reader);
}

TEST_F(StdShell, AStopEndsTheCommandAndADrainDoesNot) {
  const std::string pipe = fifo();
  std::atomic<std::uint32_t> stop = TASKER_STOP_DRAINING;
  Answer answer;
  std::thread caller([&] { answer = run({{"shell", "echo started > " + pipe + "; sleep 600"}}, json::object(), &stop); });
  std::string line;
  std::ifstream started(pipe);
  std::getline(started, line);
  EXPECT_EQ(line, "started") << "although the host drains";
  stop = TASKER_STOP_LEASE_LOST;
  caller.join();
  EXPECT_EQ(answer.kind, TASKER_CANCELLED);
}

TEST(StdShellPolicy, IsOffUnlessEnabledAndRunsWhatIsListed) {
  const auto refusal = [](const json& configuration) { return PluginFile::refusal("std/shell-1.0.0", configuration).code; };
  EXPECT_EQ(refusal(json::object()), "shell.disabled");
  EXPECT_EQ(refusal({{"enabled", false}, {"programs", {"*"}}}), "shell.disabled");
  EXPECT_EQ(refusal({{"enabled", true}}), "config.invalid");
  EXPECT_EQ(refusal({{"enabled", true}, {"programs", {"true"}}}), "config.invalid");
  const PluginFile plugin("std/shell-1.0.0", {{"enabled", true}, {"programs", {"/bin/true"}}});
  const auto code = [&](const json& config) {
    Attempt attempt{"run"};
    attempt.config = config;
    const Answer answer = plugin.run(attempt);
    return answer.kind == TASKER_OK ? "" : answer.code;
  };
  EXPECT_EQ(code({{"command", {"/bin/true"}}}), "");
  EXPECT_EQ(code({{"command", {"/bin/false"}}}), "shell.not_allowed");
  EXPECT_EQ(code({{"command", {"true"}}}), "shell.not_allowed");
  EXPECT_EQ(code({{"command", {"/bin/../bin/true"}}}), "shell.not_allowed");
  EXPECT_EQ(code({{"shell", "true"}}), "shell.not_allowed");
  EXPECT_EQ(code({{"command", json::array()}}), "config.invalid");
  EXPECT_EQ(code({{"command", {"/bin/true"}}, {"args", {"x"}}}), "config.invalid");
}

}  // namespace
}  // namespace tasker::test
