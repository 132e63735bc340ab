// Workflows without code, dropped as YAML: bound to the plugins that are there, bound anew beside it when others come, and never
// in the way of a plugin that leaves.
#include <fstream>
#include <thread>

#include "loader_fixture.h"

namespace tasker::plugin {
namespace {

class WorkflowFiles : public LoaderTest {
 protected:
  WorkflowFiles() {
    options_.drain_look = std::chrono::milliseconds(20);
    options_.rescan = std::chrono::milliseconds(200);
    options_.keep_copies = std::chrono::seconds(0);
  }

  static std::string yaml(const std::string& handler, const std::string& version = "1.0.0") {
    return "name: flow\nnamespace_name: test\nversion: " + version + "\nstep_templates:\n  - name: first\n    handler_class: \"" + handler + "\"\n";
  }
  void write(const std::string& text, const std::string& file = "flow-1.0.0.yaml") {
    const fs::path unfinished = folder() / (".writing" + file);
    test::write_file(unfinished, text);
    fs::rename(unfinished, folder() / file);
  }
  PluginRecord wait_for_bound(const std::string& to, PluginState state = PluginState::active) {
    return wait_for("a flow that is " + to, [&](const PluginRecord& record) {
      return record.name == "flow" && record.state == state && (state != PluginState::active || record.reason == to);
    });
  }
  void let_tasks_of(const PluginRecord& record, std::int64_t open) { catalogue_.set_open_tasks(label(record), open); }
  void need(const PluginRecord& record) {
    const std::lock_guard lock(catalogue_.mutex);
    catalogue_.needed.push_back({record.namespace_name, record.name, record.version, record.sha256, 1, 0});
  }
};

TEST_F(WorkflowFiles, RunTheHandlersOfPluginsUnderTheirOwnName) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter@^1#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  EXPECT_TRUE(flow.version.starts_with("1.0.0+bound.")) << flow.version;
  const auto found = registry_.find("test", "flow", "1.0.0");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(found->version.text(), flow.version);
  EXPECT_EQ(run(found->loaded).payload, R"({"count":1,"version":"1.0.0"})");
}

TEST_F(WorkflowFiles, TakeANewerVersionWhenItComesWhileOpenTasksKeepTheirs) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto before = wait_for_bound("bound to test/counter 1.0.0");
  drop("counter-1.1.0.so");
  const auto after = wait_for_bound("bound to test/counter 1.1.0");
  EXPECT_EQ(registry_.find("test", "flow", "")->version.text(), after.version);
  wait_for(label(before), PluginState::draining);
  for (const auto& entry : registry_.entries())
    if (entry.version.text() == before.version) {
      EXPECT_EQ(run(entry.loaded).payload, R"({"count":1,"version":"1.0.0"})") << "its tasks stay where they began";
    }
  let_tasks_of(before, 0);
  wait_for(label(before), PluginState::unloaded);
}

TEST_F(WorkflowFiles, WaitForTheirPluginAndSayWhichItIs) {
  write(yaml("test/counter@>=1.1#run"));
  drop("counter-1.0.0.so");
  start();
  const auto refused = wait_for_refusal("flow", Code::plugin_unbound);
  EXPECT_NE(refused.reason.find("step first wants test/counter@>=1.1#run"), std::string::npos) << refused.reason;
  drop("counter-1.1.0.so");
  wait_for_bound("bound to test/counter 1.1.0");
}

TEST_F(WorkflowFiles, KeepARemovedPluginInTheProcessForTheirTasks) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  catalogue_.set_open_tasks("test/counter 1.0.0", 0);
  fs::remove(folder() / "counter-1.0.0.so");
  wait_for("the plugin that its workflow keeps", [&](const PluginRecord& record) {
    return record.name == "counter" && record.state == PluginState::draining && record.reason.find("workflow " + label(flow)) != std::string::npos;
  });
  const auto draining = wait_for(label(flow), PluginState::draining);
  for (const auto& entry : registry_.entries())
    if (entry.name == "flow") {
      EXPECT_EQ(run(entry.loaded).payload, R"({"count":1,"version":"1.0.0"})");
    }
  let_tasks_of(flow, 0);
  wait_for(label(flow), PluginState::unloaded);
  wait_for("test/counter 1.0.0", PluginState::unloaded);
}

TEST_F(WorkflowFiles, ComeBackWithTheSamePartsAfterARestart) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  stop();
  fs::remove(folder() / "counter-1.0.0.so");
  fs::remove(folder() / "flow-1.0.0.yaml");
  drop("counter-1.1.0.so");
  need(flow);
  restart();
  const auto back = wait_for(label(flow), PluginState::draining);
  EXPECT_EQ(back.sha256, flow.sha256);
  bool ran = false;
  for (const auto& entry : registry_.entries())
    if (entry.name == "flow") {
      EXPECT_EQ(run(entry.loaded).payload, R"({"count":1,"version":"1.0.0"})");
      ran = true;
    }
  EXPECT_TRUE(ran);
}

TEST_F(WorkflowFiles, SayWhenAPartThatTheirTasksNeedIsGone) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  const auto part = wait_for("test/counter 1.0.0", PluginState::active);
  stop();
  fs::remove(folder() / "counter-1.0.0.so");
  fs::remove(folder() / "flow-1.0.0.yaml");
  fs::remove(options_.state / (part.sha256 + ".so"));
  need(flow);
  restart();
  wait_until("its word", [&] {
    const std::lock_guard lock(catalogue_.mutex);
    return std::ranges::any_of(catalogue_.noted, [&](const PluginRecord& noted) {
      return noted.name == "flow" && noted.state == PluginState::unavailable &&
             noted.reason.find("test/counter 1.0.0, to which it is bound, is not loaded") != std::string::npos;
    });
  });
}

TEST_F(WorkflowFiles, AreImmutableLikePlugins) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  write(yaml("test/counter@1.0.0#run"));
  wait_for_refusal("flow", Code::plugin_version_immutable);
  EXPECT_EQ(registry_.find("test", "flow", "1.0.0")->version.text(), flow.version) << "the first goes on";
  write(yaml("test/counter#run"));
  wait_until("the refusal to go", [&] { return loader_->plugins().size() == 2; });
}

TEST_F(WorkflowFiles, WithAnotherTextAreRefusedOnceAfterARestartToo) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  wait_for_bound("bound to test/counter 1.0.0");
  stop();
  write(yaml("test/counter@1.0.0#run"));
  forget_events();
  restart();
  const auto refused = wait_for_refusal("flow", Code::plugin_version_immutable);
  drop("counter-1.1.0.so");  // it is bound anew, to the same
  wait_for("test/counter 1.1.0", PluginState::active);
  drop("echo-1.0.0.so");
  wait_for("test/echo 1.0.0", PluginState::active);
  EXPECT_EQ(count(label(refused), PluginState::refused), 1);
}

TEST_F(WorkflowFiles, OfAPluginsOwnNameHideNeitherItNorThemselves) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter@^1#run"));
  std::string shadow = yaml("test/counter@^1#run", "1.5.0");
  shadow.replace(shadow.find("flow"), 4, "counter");
  write(shadow, "counter-1.5.0.yaml");
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  const auto other = wait_for("the workflow of that name", [](const PluginRecord& record) {
    return record.name == "counter" && record.state == PluginState::active && record.version.starts_with("1.5.0+bound.");
  });
  drop("echo-1.0.0.so");  // all are bound anew
  wait_for("test/echo 1.0.0", PluginState::active);
  drop("counter-1.1.0.so");
  wait_for_bound("bound to test/counter 1.1.0");
  EXPECT_EQ(count(label(other), PluginState::active), 1);
  EXPECT_EQ(count(label(flow), PluginState::active), 1);
}

TEST_F(WorkflowFiles, ComeBackWithTwoVersionsOfOnePlugin) {
  drop("counter-1.0.0.so");
  drop("counter-1.1.0.so");
  write(yaml("test/counter@1.0.0#run") + "  - name: second\n    handler_class: \"test/counter@1.1.0#run\"\n");
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0, test/counter 1.1.0");
  stop();
  for (const char* file : {"counter-1.0.0.so", "counter-1.1.0.so", "flow-1.0.0.yaml"}) fs::remove(folder() / file);
  need(flow);
  restart();
  wait_for(label(flow), PluginState::draining);
  for (const auto& entry : registry_.entries())
    if (entry.name == "flow") {
      EXPECT_EQ(entry.loaded.handlers.size(), 2u);
      engine::LoadedTemplate second = entry.loaded;
      second.handlers = {entry.loaded.handlers[1]};
      EXPECT_EQ(run(entry.loaded).payload, R"({"count":1,"version":"1.0.0"})");
      EXPECT_EQ(run(second).payload, R"({"count":1,"version":"1.1.0"})");
    }
}

// Each loads what it needs, and both need the same.
TEST_F(WorkflowFiles, TwoThatComeBackShareTheirPlugin) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  write(yaml("test/counter#run", "2.0.0"), "flow-2.0.0.yaml");
  start();
  std::vector<PluginRecord> flows;
  for (const char* version : {"1.0.0+", "2.0.0+"})
    flows.push_back(wait_for(version, [&](const PluginRecord& record) { return record.version.starts_with(version) && record.state == PluginState::active; }));
  stop();
  for (const char* file : {"counter-1.0.0.so", "flow-1.0.0.yaml", "flow-2.0.0.yaml"}) fs::remove(folder() / file);
  for (const auto& flow : flows) need(flow);
  forget_events();
  // The probe answers later.
  options_.probe = [](const LoadRequest&, std::function<void(Result<void>)> done) { std::thread([done] { done({}); }).detach(); };
  restart();
  for (const auto& flow : flows) wait_for(label(flow), PluginState::draining);
  EXPECT_EQ(count("test/counter 1.0.0", PluginState::loading), 1);
}

TEST_F(WorkflowFiles, ANameThatLeavesNoRoomForTheMarkIsRefused) {
  const std::string longest(230, 'x');
  write(yaml("test/counter#run"), "flow-1.0.0-" + longest + ".yaml");
  drop("counter-1.0.0.so");
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  ASSERT_EQ(loader_->ignored().size(), 1u);
  EXPECT_NE(loader_->ignored()[0].reason.find("longer than 200"), std::string::npos) << loader_->ignored()[0].reason;
}

TEST_F(WorkflowFiles, ChangeUnderDevAndRunningTasksKeepTheOldText) {
  options_.dev = true;
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  write(yaml("test/counter@1.0.0#run"));
  const auto next = wait_for("another build", [&](const PluginRecord& record) {
    return record.name == "flow" && record.state == PluginState::active && record.version != flow.version;
  });
  EXPECT_TRUE(next.version.starts_with("1.0.0+dev.")) << next.version;
  wait_for(label(flow), PluginState::draining);
  EXPECT_EQ(registry_.find("test", "flow", "1.0.0")->version.text(), next.version);
}

TEST_F(WorkflowFiles, AreRefusedWithTheLineOrTheNameThatIsWrong) {
  drop("counter-1.0.0.so");
  struct Case {
    const char* handler;
    Code code;
    const char* says;
  };
  start();
  wait_for("test/counter 1.0.0", PluginState::active);
  int minor = 0;
  for (const Case& each : {Case{"run", Code::plugin_unbound, "names no handler of a plugin"},
                           Case{"test/counter", Code::template_invalid, "flow-1.1.0.yaml:6"},
                           Case{"test/counter@#run", Code::template_invalid, "no version after the @"},
                           Case{"test/counter@fast#run", Code::template_invalid, "step_templates[0].handler_class"},
                           Case{"test/counter#total", Code::plugin_unbound, "has no handler total; it has run"},
                           Case{"test/nobody#run", Code::plugin_unbound, "nobody"}}) {
    const std::string version = "1." + std::to_string(minor++) + ".0";
    write(yaml(each.handler, version), "flow-" + version + ".yaml");
    const auto refused = wait_for("a refusal of " + version, [&](const PluginRecord& record) {
      return record.name == "flow" && record.version == version && record.state == PluginState::refused;
    });
    EXPECT_EQ(refused.code, code_text(each.code)) << refused.reason;
    EXPECT_NE(refused.reason.find(each.says), std::string::npos) << refused.reason;
  }
}

TEST_F(WorkflowFiles, StayRetiredWhateverTheyAreBoundTo) {
  drop("counter-1.0.0.so");
  write(yaml("test/counter#run"));
  start();
  const auto flow = wait_for_bound("bound to test/counter 1.0.0");
  catalogue_.retire(flow);
  loader_->hear_orders();
  wait_for(label(flow), PluginState::draining);
  drop("counter-1.1.0.so");
  wait_for("the newer binding to stay away", [&](const PluginRecord& record) {
    return record.name == "flow" && record.version != flow.version && record.state == PluginState::unloaded;
  });
  EXPECT_FALSE(registry_.find("test", "flow", "").has_value());
  catalogue_.resume(flow);
  loader_->hear_orders();
  wait_for_bound("bound to test/counter 1.1.0");
}

TEST_F(WorkflowFiles, FollowAPinnedDefaultOfTheirPlugin) {
  drop("counter-1.0.0.so");
  drop("counter-1.1.0.so");
  write(yaml("test/counter@^1#run"));
  start();
  wait_for_bound("bound to test/counter 1.1.0");
  catalogue_.pin("counter", "1.0.0");
  loader_->hear_orders();
  wait_for_bound("bound to test/counter 1.0.0");
}

}  // namespace
}  // namespace tasker::plugin
