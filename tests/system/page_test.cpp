// The embedded page as a running host serves it: everything it links to and asks for is there. The script itself runs
// where node is installed.
#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>
#include <regex>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

class Page : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    place_->drop("test/echo-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    ASSERT_TRUE(eventually([] { return host_->http().has_loaded("echo"); }));
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  static const HttpClient& http() { return host_->http(); }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, got);
  ::pclose(pipe);
  return text;
}

TEST_F(Page, LinksToNothingThatIsNotThere) {
  const auto html = http().get("/tasker");
  ASSERT_EQ(html.status, 200);
  EXPECT_THAT(html.text, testing::Not(HasSubstr("{{mount}}")));
  const std::regex link("(?:href|src)=\"(/[^\"]*)\"");
  int links = 0;
  for (std::sregex_iterator at(html.text.begin(), html.text.end(), link), end; at != end; ++at, ++links)
    EXPECT_EQ(http().get((*at)[1]).status, 200) << (*at)[1];
  EXPECT_EQ(links, 2) << "its style and its script";
}

TEST_F(Page, ShowsPluginsTasksAndATaskFromAnswersThatAllCome) {
  if (std::system("command -v node > /dev/null") != 0) GTEST_SKIP() << "node is not installed";
  const auto id = http().submit({{"name", "echo"}, {"namespace", "test"}, {"context", {{"n", 1}}}});
  ASSERT_EQ(http().ended(id).at("detail"), "complete");
  const auto said = output_of("node '" + source_path("tests/page/headless.mjs").string() + "' http://127.0.0.1:" +
                              std::to_string(http().port()) + " " + std::to_string(id) + " 2>&1");
  const auto seen = Json::parse(said, nullptr, false);
  ASSERT_TRUE(seen.is_object()) << said;
  std::set<std::string> asked;
  for (const auto& request : seen.at("requests")) {
    EXPECT_EQ(request.at("status"), 200) << request;
    asked.insert(request.at("path"));
  }
  EXPECT_EQ(asked, (std::set<std::string>{"/tasker", "/tasker/page.css", "/tasker/page.js", "/tasker/plugins",
                                          "/tasker/tasks?limit=50", "/tasker/tasks/" + std::to_string(id)}));
  const auto& shown = seen.at("shown");
  EXPECT_THAT(shown.at("connection").get<std::string>(), HasSubstr("Live at"));
  EXPECT_THAT(shown.at("plugins").get<std::string>(), HasSubstr("test/echo"));
  EXPECT_THAT(shown.at("tasks").get<std::string>(), HasSubstr(std::to_string(id)));
  EXPECT_THAT(shown.at("detail").get<std::string>(), testing::AllOf(HasSubstr("run"), HasSubstr("complete"), HasSubstr("Graph")));
}

}  // namespace
}  // namespace tasker::test
