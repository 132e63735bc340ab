// Descriptors or threads run out: nothing that is loaded is taken for removed, and what could not be read is taken soon after there
// are some again, without anybody touching it. No look by the timer comes within these tests.
#include <sys/resource.h>
#include <unistd.h>

#include <optional>

#include "base/sha256.h"
#include "loader_fixture.h"
#include "support/no_threads.h"

namespace tasker::plugin {
namespace {

class Shortage : public LoaderTest {
 protected:
  Shortage() {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    options_.rescan = std::chrono::minutes(10);
    options_.on_change = [this, tell = options_.on_change](const PluginRecord& record) {
      if (begins_at_ == record.state) {
        begins_at_.reset();
        leave_descriptors(0);
      }
      tell(record);
    };
  }
  ~Shortage() override { end(); }

  void leave_descriptors(rlim_t count) {
    end();
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const rlimit few{static_cast<rlim_t>(next) + count, usual_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  }
  void end() { ::setrlimit(RLIMIT_NOFILE, &usual_); }

  void nothing_drains_while(rlim_t descriptors) {
    drop("echo-1.0.0.so");
    start();
    wait_for("test/echo 1.0.0", PluginState::active);
    // Again, if the loader had a folder open when the free ones were counted.
    wait_until("a look that fails", [&] {
      leave_descriptors(descriptors);
      fs::last_write_time(folder() / "echo-1.0.0.so", fs::file_time_type::clock::now());
      return !loader_->ignored().empty();
    });
    ASSERT_FALSE(loader_->ignored().empty());
    EXPECT_EQ(loader_->ignored().front().code, "plugin.unreadable");
    EXPECT_TRUE(registry_.find("test", "echo", ""));
    end();
    wait_until("a look that succeeds", [&] { return loader_->ignored().empty(); });
    EXPECT_EQ(count("test/echo 1.0.0", PluginState::draining), 0);
    fs::remove(folder() / "echo-1.0.0.so");
    wait_for("test/echo 1.0.0", PluginState::draining);
  }
  // It is dropped whole, because writing it takes a descriptor.
  void comes_after_a_shortage_at(PluginState state, Code code) {
    begins_at_ = state;
    test::write_file(dir_.path() / "whole", test::read_file(fixture("echo-1.0.0.so")));
    folder();
    start();
    fs::rename(dir_.path() / "whole", folder() / "echo-1.0.0.so");
    wait_for_refusal("echo", code);
    end();
    wait_for("test/echo 1.0.0", PluginState::active);
  }

  std::optional<PluginState> begins_at_;  // the loader's once it is started

 private:
  rlimit usual_{};
};

TEST_F(Shortage, NothingDrainsWhileThePluginsFolderCannotBeRead) { nothing_drains_while(0); }
TEST_F(Shortage, NothingDrainsWhileANamespaceCannotBeRead) { nothing_drains_while(1); }

TEST_F(Shortage, AFileThatCannotBeOpenedIsTakenLater) {
  comes_after_a_shortage_at(PluginState::settling, Code::plugin_unreadable);
}
TEST_F(Shortage, ACopyThatCannotBeReadIsTakenLater) {
  comes_after_a_shortage_at(PluginState::intake, Code::plugin_unreadable);
}
TEST_F(Shortage, ACopyThatCannotBeLoadedIsTakenLater) {
  comes_after_a_shortage_at(PluginState::loading, Code::plugin_load_failed);
}

// Written here, because what was loaded once stays mapped and needs no descriptor any more.
TEST_F(Shortage, AKeptCopyThatCannotBeLoadedIsTakenLater) {
  const std::string bytes = test::read_file(fixture("counter-1.0.0.so"));
  const std::string sha256 = sha256_hex(bytes);
  fs::create_directories(options_.state);
  fs::permissions(options_.state, fs::perms::owner_all);
  test::write_file(options_.state / (sha256 + ".so"), bytes);
  catalogue_.needed.push_back({"test", "counter", "1.0.0", sha256, 3, 0});
  begins_at_ = PluginState::loading;
  start();
  EXPECT_NE(wait_for_event("test/counter 1.0.0", PluginState::unavailable).reason, "");
  end();
  wait_for("test/counter 1.0.0", PluginState::draining);
}

// What was opened for nothing is closed again: else it would stay in the process for ever.
TEST_F(Shortage, APluginWhoseInitGetsNoThreadIsTakenLater) {
  start();
  auto no_threads = std::make_unique<test::NoThreads>();
  drop("echo-1.0.0.so");
  const auto refused = wait_for_refusal("echo", Code::no_thread);
  EXPECT_NE(refused.reason.find("its init() was not called: no thread could be started"), std::string::npos) << refused.reason;
  wait_until("another try", [&] { return count("test/echo 1.0.0", PluginState::loading) > 1; });
  no_threads.reset();
  wait_for("test/echo 1.0.0", PluginState::active);
  catalogue_.set_open_tasks("test/echo 1.0.0", 0);
  fs::remove(folder() / "echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::unloaded);
}

TEST_F(Shortage, AVersionThatGetsNoThreadToLeaveOnSaysSoAndLeavesLater) {
  options_.drain_timeout = std::chrono::milliseconds(50);
  drop("echo-1.0.0.so");
  start();
  wait_for("test/echo 1.0.0", PluginState::active);
  auto no_threads = std::make_unique<test::NoThreads>();
  catalogue_.set_open_tasks("test/echo 1.0.0", 0);
  fs::remove(folder() / "echo-1.0.0.so");
  const auto stuck = wait_for("test/echo 1.0.0", PluginState::stuck);
  EXPECT_NE(stuck.reason.find("because no thread could be started"), std::string::npos) << stuck.reason;
  no_threads.reset();
  wait_for("test/echo 1.0.0", PluginState::unloaded);
}

}  // namespace
}  // namespace tasker::plugin
