// The state object of a plugin: what it is made from, that every form of handler reaches it, that it ends with fini.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "fake_host.h"

namespace {

using abi_test::FakeHost;
using abi_test::Running;
using tasker::Call;
using tasker::Json;

std::atomic<int> alive{0};

// Holds a mutex, so that it can be neither copied nor moved.
class Desk {
 public:
  Desk(tasker::Host host, const Json& config) : host_(host), greeting_(config.value("greeting", "Hello")) {
    if (config.contains("refuse")) throw tasker::PermanentError("refused by configuration", "desk.refused");
    ++alive;
  }
  ~Desk() {
    --alive;
    host_.log(tasker::Level::info, "closed");
  }
  Json member(Call&) { return greeting_; }
  int next() {
    const std::lock_guard lock(mutex_);
    return ++count_;
  }

 private:
  tasker::Host host_;
  std::string greeting_;
  std::mutex mutex_;
  int count_ = 0;
};

int free_function(Desk& desk, Call&) { return desk.next(); }

struct OwnClass {
  explicit OwnClass(Desk& desk) : desk_(desk) {}
  Json run(Call& call) { return {{"greeting", desk_.member(call)}, {"runs", ++runs_}}; }
  Desk& desk_;
  std::mutex mutex_;
  int runs_ = 0;
};

struct Plain {
  int run(Call&) { return 5; }
};

constexpr auto kLambda = [](Desk& desk, Call&) { return desk.next() * 100; };

constexpr tasker_plugin kPlugin =
    tasker::detail::Tables<Desk, tasker::Handler<"member", &Desk::member>, tasker::Handler<"free", free_function>,
                           tasker::Handler<"lambda", kLambda>, tasker::ClassHandler<"class", OwnClass>,
                           tasker::ClassHandler<"plain", Plain>>::plugin();

TEST(SdkState, TableIsSizedAndNamed) {
  EXPECT_EQ(kPlugin.struct_size, sizeof(tasker_plugin));
  EXPECT_EQ(kPlugin.abi_major, TASKER_ABI_MAJOR);
  EXPECT_EQ(kPlugin.parts, nullptr);
  EXPECT_EQ(kPlugin.task_created, nullptr);
  int count = 0;
  for (auto entry = kPlugin.handlers; *entry; ++entry, ++count) EXPECT_EQ((*entry)->struct_size, sizeof(tasker_handler));
  EXPECT_EQ(count, 5);
}

TEST(SdkState, EveryFormOfHandlerSharesTheState) {
  FakeHost host;
  {
    Running running(kPlugin, host, R"({"greeting": "Ahoy"})");
    EXPECT_FALSE(running.leftovers);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(running.run("member").payload, "\"Ahoy\"");
    EXPECT_EQ(running.run("free").payload, "1");
    EXPECT_EQ(running.run("lambda").payload, "200");
    EXPECT_EQ(running.run("class").payload, R"({"greeting":"Ahoy","runs":1})");
    EXPECT_EQ(running.run("class").payload, R"({"greeting":"Ahoy","runs":2})");
    EXPECT_EQ(running.run("plain").payload, "5");
  }
  EXPECT_EQ(alive, 0);
  ASSERT_EQ(host.logs.size(), 1u);
  EXPECT_EQ(host.logs[0].message, "closed");
}

TEST(SdkState, ConstructorThatThrowsRefusesThePlugin) {
  FakeHost host;
  Running running(kPlugin, host, R"({"refuse": true})");
  EXPECT_NE(running.status, 0);
  EXPECT_EQ(running.init_error.code, "desk.refused");
  EXPECT_EQ(running.init_error.message, "refused by configuration");
  EXPECT_EQ(alive, 0);
}

TEST(SdkState, ConfigurationThatIsNotJsonRefusesThePlugin) {
  FakeHost host;
  Running running(kPlugin, host, "{");
  EXPECT_NE(running.status, 0);
  EXPECT_EQ(running.init_error.code, "plugin.bad_input");
}

struct FromJson {
  explicit FromJson(const Json& config) : seen(config) {}
  Json seen;
};
struct Aggregate {
  Json first = "untouched";
};

TEST(SdkState, IsMadeFromConfigurationOrFromNothing) {
  FakeHost host;
  static constexpr tasker_plugin from_json =
      tasker::detail::Tables<FromJson, tasker::Handler<"run", [](FromJson& s, Call&) { return s.seen; }>>::plugin();
  EXPECT_EQ(Running(from_json, host, "").run("run").payload, "{}");
  EXPECT_EQ(Running(from_json, host, "[1]").run("run").payload, "[1]");
  static constexpr tasker_plugin aggregate =
      tasker::detail::Tables<Aggregate, tasker::Handler<"run", [](Aggregate& s, Call&) { return s.first; }>>::plugin();
  EXPECT_EQ(Running(aggregate, host, "[1]").run("run").payload, "\"untouched\"");
}

}  // namespace
