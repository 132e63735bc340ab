// Plugins of other builds than ours: from a kept header, from a newer one, by either compiler, written in plain C. They load and run
// on this host; what they do not know, or we do not, is left alone.
#include "loader_fixture.h"

namespace tasker::plugin {
namespace {

class KeptHeaders : public LoaderTest {};

TEST_F(KeptHeaders, EachLoadsAndRuns) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fixture("", "abi"))) {
    const std::string file = entry.path().filename();
    drop(file, "", "abi", "abi");
    names.push_back(file.substr(0, file.find('-')));
  }
  ASSERT_GE(names.size(), 2u) << "at least gcc's";
  start();
  for (const std::string& name : names) {
    wait_for("abi/" + name + " 1.0.0", PluginState::active);
    const auto found = registry_.find("abi", name, "1.0.0");
    ASSERT_TRUE(found);
    EXPECT_EQ(run(found->loaded, R"({"order": 7})").payload, R"({"order": 7})") << name;
  }
}

}  // namespace
}  // namespace tasker::plugin
