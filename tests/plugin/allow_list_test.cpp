// A loader with an allow-list: what is not on it is refused before anything of it is read, and comes in when the list says so.
#include <sys/stat.h>

#include "loader_fixture.h"
#include "plugin/allow_list.h"
#include "plugin/intake.h"

namespace tasker::plugin {
namespace {

class Allowed : public LoaderTest {
 protected:
  Allowed() {
    options_.allow_list = dir_.path() / "allowed";
    options_.allow_look = std::chrono::milliseconds(20);
    ::chmod(dir_.path().c_str(), 0755);
  }
  static std::string line(const std::string& name) {
    return allow_line(*hash_file(fixture(name + "-1.0.0.so")), "test/" + name + "@1.0.0") + "\n";
  }
  void allow(const std::string& text) {
    const auto beside = dir_.path() / "allowed.new";
    test::write_file(beside, text);
    ::chmod(beside.c_str(), 0644);
    fs::rename(beside, options_.allow_list);
  }
};

TEST_F(Allowed, OnlyWhatIsOnTheListAndMoreWhenItGrows) {
  allow(line("echo"));
  drop("echo-1.0.0.so");
  drop("counter-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  const auto refused = wait_for_refusal("counter", Code::plugin_not_allowed);
  EXPECT_NE(refused.reason.find("test/counter@1.0.0 is not on the allow-list"), std::string::npos) << refused.reason;
  allow(line("echo") + line("counter"));
  wait_for("test/counter 1.0.0", PluginState::active);
}

TEST_F(Allowed, NothingWhileTheListCannotBeRead) {
  drop("echo-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("echo", Code::plugin_not_allowed);
  EXPECT_NE(refused.reason.find("not usable"), std::string::npos) << refused.reason;
  allow(line("echo"));
  wait_for("test/echo 1.0.0", PluginState::active);
  fs::remove(options_.allow_list);
  drop("counter-1.0.0.so");
  wait_for_refusal("counter", Code::plugin_not_allowed);
  wait_for("test/echo 1.0.0", PluginState::active);  // what was taken in goes on
}

TEST_F(Allowed, AlsoWhatOpenTasksHaveComesBackOnlyWhenItIsOnTheList) {
  allow(line("echo"));
  drop("echo-1.0.0.so");
  start();
  const auto record = wait_for("test/echo 1.0.0", PluginState::active);
  stop();
  fs::remove(folder() / "echo-1.0.0.so");
  catalogue_.needed = {{"test", "echo", "1.0.0", record.sha256, 1, 0}};
  allow("");
  start();
  const auto unavailable = wait_for_event("test/echo 1.0.0", PluginState::unavailable);
  EXPECT_NE(unavailable.reason.find("is not on the allow-list"), std::string::npos) << unavailable.reason;
  allow(line("echo"));
  wait_for("test/echo 1.0.0", PluginState::draining);
}

}  // namespace
}  // namespace tasker::plugin
