// The plugins of sdk/HANDLERS.md do what the page says of them.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <tasker/testing.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace {

using tasker::Json;
using tasker::kit::Kind;
using tasker::kit::Library;
using tasker::kit::Plugin;

Library page_plugin(const std::string& name) { return Library::open(PLUGINS "/" + name + "-1.0.0.so"); }

class Handlers : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tasker-guide-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(Handlers, TakeAllTheFormsOfThePage) {
  Plugin plugin(page_plugin("forms"), Json::object());
  EXPECT_EQ(plugin.run("count_items", {.context = {{"items", {1, 2}}}}).result, 2);
  EXPECT_EQ(plugin.run("copy", {.context_text = "{\"n\": 12345678901234567890123}"}).result_text, "{\"n\": 12345678901234567890123}");
  const auto note = plugin.run("note");
  EXPECT_TRUE(note.is_ok()) << note;
  EXPECT_EQ(note.result_text, "null");
  ASSERT_EQ(note.logs.size(), 1u);
  EXPECT_EQ(note.logs[0].fields, Json({{"step", "note"}}));
  EXPECT_EQ(plugin.run("greet").result, "Hello you");
  EXPECT_EQ(plugin.stop(), "");
}

TEST_F(Handlers, ShareTheStateThatTheConfigurationMade) {
  const auto ledger = folder_ / "ledger.txt";
  {
    Plugin plugin(page_plugin("accounts"), {{"ledger", ledger.string()}});
    EXPECT_EQ(plugin.run("book", {.context = {{"amount", 7}}, .idempotency_key = "one"}).result, Json({{"lines", 1}}));
    EXPECT_EQ(plugin.run("audit", {.context = {{"amount", 8}}, .idempotency_key = "two"}).result, Json({{"lines", 2}}));
    EXPECT_EQ(plugin.stop(), "");
  }
  std::ifstream lines(ledger);
  std::string first, second;
  std::getline(lines, first);
  std::getline(lines, second);
  EXPECT_EQ(first, "one 7");
  EXPECT_EQ(second, "two 8");
}

TEST_F(Handlers, AStateThatThrowsRefusesThePluginWithItsWords) {
  try {
    Plugin plugin(page_plugin("accounts"), {{"ledger", (folder_ / "none/ledger.txt").string()}});
    FAIL() << "was taken";
  } catch (const tasker::kit::Refused& refused) {
    EXPECT_EQ(refused.code(), "plugin.init_failed");
    EXPECT_NE(refused.message().find("the ledger cannot be opened"), std::string::npos);
  }
}

TEST_F(Handlers, LongWorkGoesOnWhereItWasStopped) {
  Plugin plugin(page_plugin("imports"), Json::object());
  tasker::kit::Attempt attempt{.context = {{"rows", 1000}}, .stop_later = {TASKER_STOP_DRAINING, 400}};
  const auto stopped = plugin.run("import_rows", attempt);
  EXPECT_EQ(stopped.kind, Kind::wait) << stopped;
  EXPECT_EQ(stopped.checkpoint, Json({{"row", 399}}));
  attempt.stop_later = {TASKER_STOP_DRAINING, 602};
  attempt.checkpoint = stopped.checkpoint;
  const auto finished = plugin.run("import_rows", attempt);
  EXPECT_TRUE(finished.is_ok()) << "only 601 rows were left: " << finished;
  EXPECT_EQ(finished.result, Json({{"imported", 1000}}));
}

TEST_F(Handlers, EventsComeWithSuccessAndWaitingWithNeither) {
  Plugin plugin(page_plugin("parcels"), Json::object());
  const auto label = folder_ / "label.pdf";
  const tasker::kit::Attempt attempt{.context = {{"label", label.string()}}};
  const auto waiting = plugin.run("send", attempt);
  EXPECT_EQ(waiting.kind, Kind::wait);
  EXPECT_EQ(waiting.retry_after, std::chrono::minutes(5));
  EXPECT_TRUE(waiting.emitted.empty());
  std::ofstream(label) << "x";
  const auto sent = plugin.run("send", attempt);
  EXPECT_TRUE(sent.is_ok()) << sent;
  ASSERT_EQ(sent.events.size(), 1u);
  EXPECT_EQ(sent.events[0].name, "parcel.sent");
  EXPECT_TRUE(sent.has_logged("sent"));
  tasker::kit::Attempt nameless = attempt;
  nameless.events = std::vector<std::string>{};
  EXPECT_EQ(plugin.run("send", nameless).code, "plugin.bad_event");
}

}  // namespace
