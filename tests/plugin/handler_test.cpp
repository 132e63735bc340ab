// Handlers of real plugins, run as the engine runs them: what they answer, throw and break becomes one outcome.
#include "loader_fixture.h"
#include "plugin/library.h"
#include "plugin/manifest.h"

namespace tasker::plugin {
namespace {

using model::OutcomeKind;

class Handlers : public LoaderTest {
 protected:
  engine::AttemptOutcome run_fixture(const std::string& name, const std::string& context = "{}") {
    if (!loader_) {
      for (const char* each : {"echo", "throws", "bad_json", "bad_utf8", "bad_outcome", "big_result", "async", "fails_for_good", "waits"})
        drop(std::string(each) + "-1.0.0.so");
      start();
    }
    wait_for("test/" + name + " 1.0.0", PluginState::active);
    return run(name, "1.0.0", context);
  }
};

TEST_F(Handlers, ContextPassesThroughByteForByte) {
  const std::string context = R"({"n":  12345678901234567890123, "z": 1, "a": "ä"})";
  EXPECT_EQ(run_fixture("echo", context).payload, context);
}

TEST_F(Handlers, BrokenAnswersBecomeFailures) {
  EXPECT_EQ(run_fixture("bad_json").code, "plugin.bad_result");
  EXPECT_EQ(run_fixture("bad_utf8").code, "plugin.bad_result");
  EXPECT_EQ(run_fixture("big_result").code, "plugin.bad_result");
  EXPECT_EQ(run_fixture("bad_outcome").code, "plugin.bad_outcome");
  for (const char* mode : {R"({"throw": "std"})", R"({"throw": "int"})", R"({"throw": "own"})"}) {
    const auto outcome = run_fixture("throws", mode);
    EXPECT_EQ(outcome.kind, OutcomeKind::fail);
    EXPECT_EQ(outcome.code, "plugin.threw") << outcome.message;
  }
  const auto failed = run_fixture("fails_for_good");
  EXPECT_EQ(failed.kind, OutcomeKind::fail);
  EXPECT_FALSE(failed.code.empty());
  EXPECT_EQ(run_fixture("echo").payload, "{}") << "the host is alive";
}

TEST_F(Handlers, AsynchronousOnesCompleteOnce) {
  EXPECT_EQ(run_fixture("async").payload, R"({"thread": "own"})");
  EXPECT_EQ(run_fixture("async", R"({"mode": "early"})").payload, R"({"thread": "own"})");
  EXPECT_EQ(run_fixture("async", R"({"mode": "twice"})").payload, R"({"thread": "own"})");
  EXPECT_EQ(run_fixture("async", R"({"mode": "both"})").payload, R"({"thread": "own"})") << "the first wins";
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_TRUE(registry_.find("test", "async", "")->loaded.handlers[0]->is_async());
  EXPECT_FALSE(registry_.find("test", "echo", "")->loaded.handlers[0]->is_async());
}

TEST(Inspect, TellsAllWithoutRunningCode) {
  const fs::path file = fs::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins/test/ledger-1.0.0.so";
  const auto report = inspect_file(file);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->definition->name, "ledger");
  EXPECT_EQ(report->definition->steps.size(), 4u);
  EXPECT_NE(report->manifest.find("name: ledger"), std::string::npos);
  EXPECT_EQ(report->sha256.size(), 64u);
  EXPECT_EQ(report->exported.size(), 2u);
  EXPECT_FALSE(Library::open("/nonexistent/x.so"));
}

TEST(LibraryFile, IsReallyGoneAfterClose) {
  const fs::path file = fs::path(TASKER_BINARY_DIR) / "tests/fixtures/plugins/test/waits-1.0.0.so";
  auto library = Library::open(file);
  ASSERT_TRUE(library) << library.error().message;
  EXPECT_NE(library->symbol("tasker_plugin_v1"), nullptr);
  EXPECT_EQ(library->symbol("nothing"), nullptr);
  EXPECT_TRUE(library->close());
  EXPECT_TRUE(library->close());
  const auto missing = Library::open(file.string() + ".missing");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("No such file"), std::string::npos) << missing.error().message;
}

}  // namespace
}  // namespace tasker::plugin
