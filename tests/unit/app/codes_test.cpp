// The help on error codes, the pages that show all of them and all commands, and the exit codes they lead to.
#include "app/code_help.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sstream>

#include "app/arguments.h"
#include "app/exit_code.h"
#include "base/error_guide.h"
#include "support/files.h"

namespace tasker::app {
namespace {

TEST(Codes, EachHasACauseAndACureInWholeSentences) {
  std::set<std::string_view> texts;
  for (const Code code : all_codes()) {
    const auto text = code_text(code);
    EXPECT_TRUE(texts.insert(text).second) << text << " stands there twice";
    EXPECT_EQ(code_from_text(text), code);
    const auto guide = guide_of(code);
    EXPECT_TRUE(guide.cause.size() > 11 && guide.cause.ends_with('.')) << text << ": " << guide.cause;
    EXPECT_TRUE(guide.cure.size() > 11 && guide.cure.ends_with('.')) << text << ": " << guide.cure;
  }
  EXPECT_FALSE(code_from_text("no.such_code"));
}

TEST(Codes, HelpFitsEightyColumns) {
  for (const Code code : all_codes()) {
    std::istringstream lines(help_on_code(code));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

// Mended by: TASKER_UPDATE_ERRORS=1 build/release/tests/unit_app --gtest_filter='Codes.*'
TEST(Codes, ThePageShowsThemAll) {
  const auto page = test::source_path("host/ERRORS.md");
  if (std::getenv("TASKER_UPDATE_ERRORS") != nullptr) test::write_file(page, page_of_codes());
  EXPECT_EQ(test::read_file(page), page_of_codes());
}

// Mended by: TASKER_UPDATE_CLI=1 build/release/tests/unit_app --gtest_filter='Codes.*'
TEST(Codes, ThePageOfCommandsShowsThemAll) {
  const auto page = test::source_path("host/CLI.md");
  if (std::getenv("TASKER_UPDATE_CLI") != nullptr) test::write_file(page, page_of_commands());
  EXPECT_EQ(test::read_file(page), page_of_commands());
}

TEST(Codes, LeadToExitCodes) {
  const auto exit_of = [](Code code) { return exit_code_of(make_error(code, "")); };
  EXPECT_EQ(exit_of(Code::command_invalid), ExitCode::usage);
  EXPECT_EQ(exit_of(Code::request_parameter), ExitCode::usage);
  EXPECT_EQ(exit_of(Code::invalid_argument), ExitCode::usage);
  EXPECT_EQ(exit_of(Code::http_address_refused), ExitCode::usage);
  EXPECT_EQ(exit_of(Code::config_invalid), ExitCode::failed);
  EXPECT_EQ(exit_of(Code::config_not_found), ExitCode::not_found);
  EXPECT_EQ(exit_of(Code::database_unavailable), ExitCode::unreachable);
  EXPECT_EQ(exit_of(Code::command_timed_out), ExitCode::timed_out);
  EXPECT_EQ(exit_of(Code::command_interrupted), ExitCode::interrupted);
  EXPECT_EQ(exit_of(Code::server_bad_answer), ExitCode::failed);
}

}  // namespace
}  // namespace tasker::app
