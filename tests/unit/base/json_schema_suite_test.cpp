// The public JSON-Schema-Test-Suite (Debian's json-schema-test-suite), draft 7: every required test, run against our
// evaluator. Schemas that we refuse on purpose are counted and named, so that the list can only change knowingly.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/json_schema.h"

namespace tasker {
namespace {

const std::filesystem::path kSuite = "/usr/share/json-schema-test-suite/tests/draft7";

// Refused when the schema is compiled: what they need is not supported (a remote document, a `$id` below the root, a
// pattern that RE2 cannot take), and the header says so.
const std::set<std::string> kRefused = {"definitions", "refRemote"};

struct Tally {
  int passed = 0;
  std::vector<std::string> wrong;
  std::vector<std::string> refused;
};

void run(const std::filesystem::path& file, Tally& tally) {
  std::ifstream stream(file);
  for (const auto& group : nlohmann::ordered_json::parse(stream)) {
    const std::string name = file.stem().string() + ": " + group.at("description").get<std::string>();
    const auto schema = JsonSchema::compile(group.at("schema").dump());
    if (!schema.has_value()) {
      tally.refused.push_back(name + ": " + schema.error().message);
      continue;
    }
    for (const auto& test : group.at("tests")) {
      const bool valid = schema->validate(test.at("data").dump()).empty();
      if (valid == test.at("valid").get<bool>()) {
        ++tally.passed;
      } else {
        tally.wrong.push_back(name + ": " + test.at("description").get<std::string>());
      }
    }
  }
}

TEST(JsonSchemaSuite, EveryRequiredTestOfDraft7HoldsOrItsSchemaIsRefused) {
  if (!std::filesystem::exists(kSuite)) GTEST_SKIP() << "the package json-schema-test-suite is not installed";
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(kSuite)) {
    if (entry.is_regular_file()) run(entry.path(), tally);
  }
  EXPECT_GT(tally.passed, 400);
  EXPECT_THAT(tally.wrong, testing::IsEmpty());
  for (const std::string& name : tally.refused) {
    const bool known = kRefused.count(name.substr(0, name.find(':'))) != 0 || name.starts_with("ref: ");
    EXPECT_TRUE(known) << name;
  }
}

}  // namespace
}  // namespace tasker
