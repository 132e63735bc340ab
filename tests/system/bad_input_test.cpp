// What must not pass, thrown at a running host over its borders: the API, a handler's answer, a file in the plugins folder.
// Each is answered with its own code, and the host goes on. The folder's other refusals are in plugins_test.
#include <gmock/gmock.h>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

constexpr const char* kPlugins[] = {"echo", "bad_json", "bad_utf8", "bad_outcome", "big_result", "throws", "patterns"};

class BadInput : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    for (const std::string plugin : kPlugins) place_->drop("test/" + plugin + "-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    for (const std::string plugin : kPlugins) ASSERT_TRUE(eventually([&] { return http().has_loaded(plugin); })) << plugin;
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  void TearDown() override {
    EXPECT_EQ(http().ended(http().submit({{"name", "echo"}, {"namespace", "test"}})).value("detail", ""), "complete")
        << "the host goes on";
  }
  static const HttpClient& http() { return host_->http(); }
  static Answer submit(const std::string& name, const std::string& context) {
    return http().post("/tasker/tasks", R"({"name":")" + name + R"(","namespace":"test","context":)" + context + "}");
  }
  static std::string text_of(char letter, std::size_t size) { return R"({"text":")" + std::string(size, letter) + "\"}"; }
  // A copy of a plugin with some bytes changed, dropped under a name of its own; the code that it is refused with.
  static std::string refusal_of(const std::string& name, std::string bytes) {
    const auto partial = place_->plugins() / ("test/." + name);
    write_file(partial, bytes);
    std::filesystem::rename(partial, place_->plugins() / ("test/" + name + "-1.0.0.so"));
    std::string code;
    const auto refused = [&] {
      for (const auto& plugin : http().get("/tasker/plugins").json().value("plugins", Json::array()))
        if (plugin.value("name", "") == name && plugin.value("state", "") == "refused") code = plugin.value("code", "");
      return !code.empty();
    };
    EXPECT_TRUE(eventually(refused)) << name;
    return code;
  }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

TEST_F(BadInput, DeepNestingIsRefused) {
  for (const std::size_t depth : {std::size_t{200}, std::size_t{2'000'000}}) {
    const auto answer = submit("echo", R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}");
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.code(), "request.invalid_json");
    EXPECT_THAT(answer.text, HasSubstr("deep"));
  }
}

TEST_F(BadInput, ABodyBeyondTheLimitIsRefused) {
  const auto answer = submit("echo", text_of('x', 17u << 20));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "request.too_large");
}

// Thirty letters took std::regex half a minute; the client gives up after ten seconds.
TEST_F(BadInput, AHostilePatternCostsNothing) {
  for (const std::size_t size : {std::size_t{40}, std::size_t{1} << 20}) {
    auto text = text_of('a', size);
    text.replace(text.size() - 2, 1, "!\"");
    const auto answer = submit("patterns", text);
    EXPECT_EQ(answer.status, 422) << answer.text.substr(0, 300);
    EXPECT_EQ(answer.code(), "context.invalid");
  }
  EXPECT_EQ(submit("patterns", text_of('a', 40)).status, 201);
}

TEST_F(BadInput, EveryBrokenAnswerOfAHandlerHasItsCode) {
  const auto code_of = [](const std::string& name, const Json& context = Json::object()) {
    const auto task = http().ended(http().submit({{"name", name}, {"namespace", "test"}, {"context", context}}));
    EXPECT_EQ(task.value("detail", ""), "error") << name;
    const auto error = task.at("workflow_steps").at(0).at("last_error");
    EXPECT_FALSE(error.value("message", "").empty()) << name;
    return error.value("code", "");
  };
  EXPECT_EQ(code_of("bad_json"), "plugin.bad_result");
  EXPECT_EQ(code_of("bad_utf8"), "plugin.bad_result");
  EXPECT_EQ(code_of("big_result"), "plugin.bad_result");
  EXPECT_EQ(code_of("bad_outcome"), "plugin.bad_outcome");
  for (const char* what : {"std", "int", "own"}) EXPECT_EQ(code_of("throws", {{"throw", what}}), "plugin.threw") << what;
}

TEST_F(BadInput, FilesOfOtherMachinesAndForeignLibrariesAreRefused) {
  const auto good = read_file(built_plugin("test/echo-1.0.0.so"));
  auto arm = good;
  arm[18] = '\xB7';  // e_machine: AArch64
  EXPECT_EQ(refusal_of("other_machine", arm), "plugin.wrong_machine");
  auto narrow = good;
  narrow[4] = 1;  // EI_CLASS: 32 bits
  EXPECT_EQ(refusal_of("narrow", narrow), "plugin.wrong_machine");
  EXPECT_EQ(refusal_of("cut", good.substr(0, good.size() / 2)), "plugin.truncated");
  EXPECT_EQ(refusal_of("foreign", read_file("/lib/x86_64-linux-gnu/libm.so.6")), "plugin.missing_symbol");
  EXPECT_EQ(refusal_of("empty", ""), "plugin.truncated");
}

}  // namespace
}  // namespace tasker::test
