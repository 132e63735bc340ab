#include "config/settings.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "config/keys.h"
#include "support/files.h"

namespace tasker::config {
namespace {

using testing::HasSubstr;

Settings settings(std::string_view text, const Variables& variables = {}) {
  const auto result = parse_settings(text, "tasker.yaml", variables);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? *result : Settings{};
}

std::string refused(std::string_view text, const Variables& variables = {}) {
  const auto result = parse_settings(text, "tasker.yaml", variables);
  EXPECT_FALSE(result) << text;
  if (result) return {};
  EXPECT_EQ(result.error().code, Code::config_invalid);
  return result.error().message;
}

TEST(Settings, AreTheDefaultsForAnEmptyFile) {
  EXPECT_EQ(settings(""), Settings{});
  EXPECT_EQ(settings("engine:\n"), Settings{});
}

TEST(Settings, TheShippedFileHoldsEveryKeyWithItsDefault) {
  const std::string text = test::read_file(test::source_path("config/tasker.yaml"));
  EXPECT_EQ(settings(text), Settings{});
  for (const std::string& key : settings_keys()) {
    const std::string name = key.substr(key.find('.') == std::string::npos ? 0 : key.find('.') + 1);
    EXPECT_THAT(text, HasSubstr(name + ":")) << key;
  }
  EXPECT_LT(settings_keys().size(), 80u);
}

TEST(Settings, ThePageHasARowForEveryKey) {
  const std::string page = test::read_file(test::source_path("config/README.md"));
  std::string rows;
  for (const Key& key : keys()) {
    const Shown shown = key.show(Settings{});
    rows += fmt::format("| `{}` | `{}`{} | {} | {} |\n", key.path(), key.variable(), key.may_be_secret ? ", `…_FILE`" : "",
                        shown.value.empty() ? "empty" : "`" + shown.value + "`", key.is_reloadable ? "yes" : "");
  }
  EXPECT_THAT(page, HasSubstr("|---|---|---|---|\n" + rows + "\n")) << "the rows that are wanted";
}

TEST(Settings, TakeEveryKeyFromTheFile) {
  const Settings s = settings(R"(
environment: production
database: {url: 'host=/tmp dbname=x', writers: 4}
http: {listen: '[::1]:0', max_body_mib: 1}
plugins:
  dir: p
  state_dir: s
  allow_list: a
  rescan_seconds: 5
  settle_ms: 0
  init_seconds: 5
  probe_seconds: 6
  drain_timeout_seconds: 7
  configuration:
    default/order_process: {orders_file: /srv/o.json, big: 12345678901234567890123}
  isolation: process
  isolation_of:
    payments: in_process
    payments/refund: {isolation: process, memory_mib: 64, seccomp: strict}
runner: {memory_mib: 65, files: 128, silence_seconds: 2, attempt_seconds: 3, crashes: 4, crash_minutes: 5, max_attempts_per_process: 6, seccomp: none, environment: A B}
engine: {workers: 1, async_workers: 1, max_in_flight: 8, poll_ms: 10, working_set_mib: 1, grace_seconds: 0}
liveness: {heartbeat_seconds: 1, timeout_seconds: 2}
log: {level: debug, format: json, file: h.log}
)");
  EXPECT_EQ(s.environment, "production");
  EXPECT_EQ(s.database, (Settings::Database{"host=/tmp dbname=x", 4}));
  EXPECT_EQ(s.http, (Settings::Http{"[::1]:0", 1}));
  EXPECT_EQ(s.plugins,
            (Settings::Plugins{"p",
                               "s",
                               "a",
                               5,
                               0,
                               5,
                               6,
                               7,
                               {{"default/order_process",
                                 R"({"orders_file":"/srv/o.json","big":12345678901234567890123})"}},
                               "process",
                               {{"payments", {"in_process", {}, ""}},
                                {"payments/refund", {"process", {{"memory_mib", 64}}, "strict"}}}}));
  EXPECT_EQ(s.runner, (RunnerSettings{65, 128, 2, 3, 4, 5, 6, "none", "A B"}));
  EXPECT_EQ(s.engine, (Settings::Engine{1, 1, 8, 10, 1, 0}));
  EXPECT_EQ(s.liveness, (Settings::Liveness{1, 2}));
  EXPECT_EQ(s.log, (Settings::Log{LogLevel::debug, LogFormat::json, "h.log"}));
}

TEST(Settings, TheEnvironmentWinsOverTheFile) {
  const Settings s =
      settings("engine: {workers: 3}\n", {{"TASKER_ENGINE__WORKERS", "8"},
                                          {"TASKER_ENVIRONMENT", "test"},
                                          {"TASKER_LOG__LEVEL", "off"},
                                          {"TASKER_LOG__FILE", "12"},
                                          {"TASKER_DATABASE__URL", "postgresql://u:p@h/d?a=b"},
                                          {"TASKER_PLUGINS__CONFIGURATION", R"({"a/b": {"c": 1}})"},
                                          {"TASKER_TEST_SOMETHING", "ignored"},
                                          {"PATH", "ignored"}});
  EXPECT_EQ(s.engine.workers, 8);
  EXPECT_EQ(s.environment, "test");
  EXPECT_EQ(s.log.level, LogLevel::off);
  EXPECT_EQ(s.log.file, "12");
  EXPECT_EQ(s.database.url, "postgresql://u:p@h/d?a=b");
  EXPECT_EQ(s.plugins.configuration.at("a/b"), R"({"c":1})");
}

// To YAML it would be a comment, a tag, a mapping.
TEST(Settings, AVariablesTextIsTakenAsItIs) {
  for (const char* text : {"host=h password='a #b'", "!x", "a: b", "[1", "12", "null", "\"quoted\""})
    EXPECT_EQ(settings("", {{"TASKER_DATABASE__URL", text}}).database.url, text);
}

// Each is refused at once, also a pipe into which nobody ever writes.
TEST(Settings, ASecretsFileIsARegularOneOfSomeSize) {
  const test::TempDir dir;
  const auto refusal = [&](const std::string& name) {
    return refused("", {{"TASKER_DATABASE__URL_FILE", (dir.path() / name).string()}});
  };
  ASSERT_EQ(::mkfifo((dir.path() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal("pipe"), HasSubstr("not a regular file"));
  EXPECT_THAT(refused("", {{"TASKER_DATABASE__URL_FILE", "/dev/zero"}}), HasSubstr("not a regular file"));
  std::filesystem::create_directory(dir.path() / "folder");
  EXPECT_THAT(refusal("folder"), HasSubstr("a folder"));
  test::write_file(dir.path() / "huge", std::string((1u << 20) + 1, 'x'));
  EXPECT_THAT(refusal("huge"), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(refusal("missing"), HasSubstr("No such file"));
  std::filesystem::create_symlink(dir.path() / "pipe", dir.path() / "link");
  EXPECT_THAT(refusal("link"), HasSubstr("not a regular file"));
}

TEST(Settings, ASecretMayLieInAFile) {
  const test::TempDir dir;
  const auto file = (dir.path() / "url").string();
  test::write_file(file, "postgresql://u:s3cr3t#x@h/d\n");
  EXPECT_EQ(settings("database: {url: other}", {{"TASKER_DATABASE__URL_FILE", file}}).database.url, "postgresql://u:s3cr3t#x@h/d");
  const auto plugins = (dir.path() / "plugins").string();
  test::write_file(plugins, "a/b: {key: 1}\n");
  EXPECT_EQ(settings("", {{"TASKER_PLUGINS__CONFIGURATION_FILE", plugins}}).plugins.configuration.at("a/b"), R"({"key":1})");

  EXPECT_THAT(refused("", {{"TASKER_DATABASE__URL_FILE", file}, {"TASKER_DATABASE__URL", "x"}}), HasSubstr("only one"));
  EXPECT_THAT(refused("", {{"TASKER_DATABASE__URL_FILE", "/nowhere/url"}}), HasSubstr("/nowhere/url cannot be read: No such file"));
  EXPECT_THAT(refused("", {{"TASKER_DATABASE__URL_FILE", dir.path().string()}}), HasSubstr("a folder"));
  EXPECT_THAT(refused("", {{"TASKER_DATABASE__URI_FILE", file}}), HasSubstr("did you mean TASKER_DATABASE__URL_FILE?"));
  EXPECT_THAT(refused("", {{"TASKER_ENGINE__WORKERS_FILE", file}}), HasSubstr("no key")) << "not a secret";
  test::write_file(plugins, "password-on-a-line-of-its-own: {");
  EXPECT_THAT(refused("", {{"TASKER_PLUGINS__CONFIGURATION_FILE", plugins}}), HasSubstr("TASKER_PLUGINS__CONFIGURATION_FILE"));
}

TEST(Settings, RefuseUnknownKeysWithThePlaceAndTheNearest) {
  EXPECT_EQ(refused("engine:\n  worker: 3\n"),
            "tasker.yaml:2:3: engine.worker: unknown key; did you mean workers?");
  EXPECT_THAT(refused("engin: {}\n"), HasSubstr("tasker.yaml:1:1: engin: unknown key; did you mean engine?"));
  EXPECT_THAT(refused("", {{"TASKER_ENGINE__WORKER", "1"}}),
              HasSubstr("did you mean TASKER_ENGINE__WORKERS?"));
}

TEST(Settings, RefuseWrongValuesAndSayWhatIsAllowed) {
  EXPECT_EQ(refused("engine:\n  workers: many\n"),
            "tasker.yaml:2:12: engine.workers: must be an integer from 1 to 1024");
  EXPECT_THAT(refused("engine: {workers: 0}"), HasSubstr("from 1 to 1024"));
  EXPECT_THAT(refused("engine: {workers: 99999999999}"), HasSubstr("from 1 to 1024"));
  EXPECT_THAT(refused("engine: 3"), HasSubstr("must be a section"));
  EXPECT_THAT(refused("[]"), HasSubstr("must hold sections"));
  EXPECT_THAT(refused("log: {level: loud}"), HasSubstr("trace, debug"));
  EXPECT_THAT(refused("log: {format: xml}"), HasSubstr("human or json"));
  EXPECT_THAT(refused("database: {url: ''}"), HasSubstr("must not be empty"));
  EXPECT_THAT(refused("plugins: {configuration: {order_process: {}}}"), HasSubstr("<namespace>/<name>"));
  EXPECT_THAT(refused("plugins: {configuration: {a/b: 1}}"), HasSubstr("an object"));
  EXPECT_THAT(refused("engine: {workers: 1}\nengine: {}\n"), HasSubstr("twice"));
  EXPECT_THAT(refused("", {{"TASKER_ENGINE__WORKERS", "x"}}),
              HasSubstr("TASKER_ENGINE__WORKERS: engine.workers: must be"));
}

TEST(Settings, RefuseATimeoutThatOneLateHeartbeatWouldBreak) {
  EXPECT_THAT(refused("liveness: {timeout_seconds: 3}"), HasSubstr("twice"));
  EXPECT_THAT(refused("liveness: {timeout_seconds: 1, heartbeat_seconds: 1}"), HasSubstr("from 2"));
}

TEST(Settings, ListenOnLoopbackOnly) {
  for (const char* good : {"127.0.0.1:8765", "127.1.2.3:0", "[::1]:80", "localhost:1"})
    EXPECT_TRUE(check_listen_address(good)) << good;
  for (const char* bad : {"0.0.0.0:80", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                          "127.0.0.1:x", ":80", "127.evil.com:80", "::1:80", ""}) {
    EXPECT_FALSE(check_listen_address(bad)) << bad;
  }
  EXPECT_THAT(refused("http: {listen: '0.0.0.0:80'}"), HasSubstr("loopback"));
}

TEST(Settings, AreLoadedFromAFile) {
  const test::TempDir dir;
  test::write_file(dir.path() / "c.yaml", "engine: {workers: 5}\n");
  EXPECT_EQ(load_settings((dir.path() / "c.yaml").string(), {}).value().engine.workers, 5);
  test::write_file(dir.path() / "empty.yaml", "");
  EXPECT_EQ(load_settings((dir.path() / "empty.yaml").string(), {}).value(), Settings{});
  const auto missing = load_settings((dir.path() / "none.yaml").string(), {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::config_not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("none.yaml"));
}

TEST(Settings, NameEveryBadFileByTheirOwnCode) {
  const test::TempDir dir;
  EXPECT_EQ(load_settings(dir.path().string(), {}).error().code, Code::config_invalid) << "a folder";
  const auto file = (dir.path() / "c.yaml").string();
  const std::string deep(200, '[');
  for (const std::string& text : {std::string("a: [1"), std::string("\0\1", 2), std::string("a: 1\na: 2\n"), deep,
                                  std::string("<<: {}"), std::string("{}\n---\n{}\n"), std::string("!!python/x {}")}) {
    test::write_file(file, text);
    const auto loaded = load_settings(file, {});
    ASSERT_FALSE(loaded) << text;
    EXPECT_EQ(code_text(loaded.error().code), "config.invalid") << text;
    EXPECT_THAT(loaded.error().message, HasSubstr("c.yaml")) << text;
  }
  EXPECT_EQ(parse_settings("", "x", {{"TASKER_ENGINE__WORKERS", "[1"}}).error().code, Code::config_invalid);
}

TEST(Settings, SeeTheProcessesVariables) {
  ::setenv("TASKER_ENGINE__POLL_MS", "77", 1);
  EXPECT_EQ(settings("", process_variables()).engine.poll_ms, 77);
  ::unsetenv("TASKER_ENGINE__POLL_MS");
}

}  // namespace
}  // namespace tasker::config
