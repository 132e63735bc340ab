// What a version's state is: what the living hosts have loaded, not what somebody once wrote; and what waits for it.
#include <nlohmann/json.hpp>

#include "store/pg_catalogue.h"
#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using Json = nlohmann::json;

class PluginStates : public testing::Test {
 protected:
  Json plugin(const std::string& name) {
    const auto answer = await<std::string>([&](auto reply) { world.store().reader().list_plugins({}, reply); });
    EXPECT_TRUE(answer);
    const auto list = Json::parse(*answer);
    for (const auto& each : list.at("plugins"))
      if (each.at("name") == name) return each;
    return Json::object();
  }
  Json steps(TaskId task) {
    const auto answer = await<std::string>([&](auto reply) { world.store().reader().show_task(task, reply); });
    EXPECT_TRUE(answer);
    return Json::parse(*answer).at("task").at("workflow_steps");
  }
  void note(const std::string& state, const std::string& reason = "", const std::string& version = "1.0.0") {
    EXPECT_TRUE(await<int>([&](auto reply) {
      world.store().catalogue().note_state(world.host(), {"default", "order", version, "sha"}, state, "", reason, reply);
    }));
  }
  std::vector<store::NeededPlugin> needed(HostId host) {
    return *await<std::vector<store::NeededPlugin>>([&](auto reply) { world.store().catalogue().needed(host, reply); });
  }
  store::VersionNeed needs(TemplateId id) {
    return await<std::vector<store::VersionNeed>>([&](auto reply) { world.store().catalogue().needs({id}, reply); })->at(0);
  }
  static engine::FinishedAttempt retried(const engine::ClaimedStep& step, engine::Millis delay) {
    auto attempt = finished(step, model::OutcomeKind::retry);
    attempt.delay = delay;
    return attempt;
  }
  bool is_available() {
    return world.sql.value("select bool_or(available) from tasker.handler_version where name = 'order'") == "t";
  }
  void leave() { EXPECT_TRUE(await<int>([&](auto reply) { world.store().leave(world.host(), reply); })); }

  PgWorld world;
};

TEST_F(PluginStates, FollowTheLivingHosts) {
  const auto order = world.publish("order", "a; b: a");
  EXPECT_EQ(plugin("order").at("state"), "active");
  EXPECT_EQ(plugin("order").at("hosts"), 1);
  EXPECT_EQ(plugin("order").at("open_tasks"), 0);
  note("draining", "its file was removed");
  EXPECT_EQ(plugin("order").at("state"), "draining");
  EXPECT_EQ(plugin("order").at("hosts"), 1);
  EXPECT_EQ(plugin("order").at("reason"), "its file was removed");
  EXPECT_FALSE(is_available()) << "new tasks do not choose it";
  note("active");
  EXPECT_TRUE(is_available());
  const TaskId task = world.submit_one(order.template_id, 0);
  note("draining");
  EXPECT_EQ(plugin("order").at("open_tasks"), 1);
  EXPECT_TRUE(steps(task)[0].at("waiting_for").is_null()) << "a draining version runs what has it";
  leave();
  EXPECT_EQ(plugin("order").at("state"), "unavailable");
  EXPECT_EQ(plugin("order").at("hosts"), 0);
  EXPECT_EQ(plugin("order").at("open_tasks"), 1);
  EXPECT_EQ(plugin("order").at("code"), "plugin.not_loaded");
}

TEST_F(PluginStates, AStepSaysThatNobodyCanRunIt) {
  const auto order = world.publish("order", "a; b: a");
  const auto submitted = world.submit(order.template_id, 1, 1);
  const TaskId task = submitted.tasks[0];
  world.complete({finished(submitted.claimed[0])}, 0);
  leave();
  const auto waits = steps(task);
  EXPECT_TRUE(waits[0].at("waiting_for").is_null()) << "it is complete";
  EXPECT_EQ(waits[1].at("waiting_for").at("code"), "plugin.not_loaded");
  EXPECT_EQ(waits[1].at("waiting_for").at("message"),
            "plugin default/order 1.0.0: no living host has loaded it; put its file into the plugins folder of a host");
  EXPECT_EQ(plugin("order").at("reason"), "1 open task waits: no living host has loaded it; put its file into the plugins "
                                          "folder of a host");
  note("unavailable", "this host keeps no copy");
  EXPECT_EQ(steps(task)[1].at("waiting_for").at("message"),
            "plugin default/order 1.0.0: no living host has loaded it; this host keeps no copy");
  world.cancel(task);
  EXPECT_TRUE(steps(task)[1].at("waiting_for").is_null());
  EXPECT_EQ(plugin("order").at("reason"), "no living host has loaded it, and no open task needs it");
  EXPECT_TRUE(plugin("order").at("code").is_null());
}

TEST_F(PluginStates, AQuarantinedVersionIsThereAndNotRun) {
  const auto order = world.publish("order", "a");
  const HostId other = world.another_host();
  const TaskId task = world.submit_one(order.template_id, 0);
  note("quarantined", "its runner ended 10 times");
  EXPECT_FALSE(is_available());
  EXPECT_EQ(plugin("order").at("state"), "quarantined");
  EXPECT_EQ(plugin("order").at("code"), "plugin.quarantined");
  EXPECT_EQ(plugin("order").at("hosts"), 0);
  EXPECT_EQ(plugin("order").at("quarantined_hosts"), 1);
  const auto waits = steps(task)[0].at("waiting_for");
  EXPECT_EQ(waits.at("code"), "plugin.quarantined");
  const auto host = world.sql.value("select format('host %s (%s)', host_id, name) from tasker.host where host_id = " + std::to_string(raw(world.host())));
  EXPECT_EQ(waits.at("message"), "plugin default/order 1.0.0: it is quarantined on " + host + ": its runner ended 10 times");
  EXPECT_TRUE(needed(world.host()).empty()) << "it has it";
  // Where it is healthy it goes on.
  world.sql.exec("insert into tasker.host_plugin (host_id, plugin_id) select " + std::to_string(raw(other)) + ", plugin_id from tasker.plugin");
  EXPECT_TRUE(is_available());
  EXPECT_TRUE(steps(task)[0].at("waiting_for").is_null());
  EXPECT_EQ(plugin("order").at("state"), "active");
  EXPECT_EQ(plugin("order").at("hosts"), 1);
  EXPECT_EQ(plugin("order").at("code"), "plugin.quarantined");
  EXPECT_EQ(plugin("order").at("reason"), "it is quarantined on " + host + ": its runner ended 10 times");
  world.sql.exec("delete from tasker.host_plugin where host_id = " + std::to_string(raw(other)));
  note("active");
  EXPECT_TRUE(is_available());
  EXPECT_TRUE(plugin("order").at("code").is_null());
  EXPECT_TRUE(steps(task)[0].at("waiting_for").is_null());
}

TEST_F(PluginStates, AStepThatWaitsForBannedBytesSaysSo) {
  const auto order = world.publish("order", "a");
  const TaskId task = world.submit_one(order.template_id, 0);
  EXPECT_TRUE(await<int>([&](auto reply) {
    world.store().catalogue().ban(world.host(), {"default", "order", "1.0.0", "sha"}, "plugin.crashed", "SIGSEGV in its init()", 1, reply);
  }));
  EXPECT_TRUE(steps(task)[0].at("waiting_for").is_null()) << "a host that has it healthy goes on";
  leave();
  const auto waits = steps(task)[0].at("waiting_for");
  EXPECT_EQ(waits.at("code"), "plugin.crashed");
  EXPECT_NE(waits.at("message").get<std::string>().find("no living host has loaded it; these bytes are not tried again: SIGSEGV"), std::string::npos);
  EXPECT_EQ(plugin("order").at("state"), "refused");
  EXPECT_EQ(plugin("order").at("code"), "plugin.crashed");
}

TEST_F(PluginStates, NeededIsWhatOpenTasksHaveAndThisHostHasNot) {
  const auto order = world.publish("order", "a; b: a");
  const HostId other = world.another_host();
  EXPECT_TRUE(needed(other).empty()) << "nothing is open";
  const auto submitted = world.submit(order.template_id, 3, 0);
  EXPECT_TRUE(needed(world.host()).empty()) << "it has it";
  auto missing = needed(other);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].plugin.version, "1.0.0");
  EXPECT_EQ(missing[0].plugin.sha256, "sha");
  EXPECT_EQ(missing[0].open_tasks, 3);
  EXPECT_EQ(missing[0].hosts, 1);
  leave();
  EXPECT_EQ(needed(other).at(0).hosts, 0);
  for (const TaskId task : submitted.tasks) world.cancel(task);
  EXPECT_TRUE(needed(other).empty());
}

TEST_F(PluginStates, SayWhatStillNeedsTheVersion) {
  const auto order = world.publish("order", "a; b: a");
  const auto other = world.publish("order", "a", "1.1.0");
  const auto submitted = world.submit(order.template_id, 3);
  world.submit(other.template_id, 5);
  auto nothing = needs(world.publish("order", "a", "1.2.0").template_id);
  EXPECT_EQ(nothing.tasks, 0);
  EXPECT_EQ(nothing.oldest, TaskId{0});
  EXPECT_TRUE(nothing.next_wake.empty());
  auto need = needs(order.template_id);
  EXPECT_EQ(need.tasks, 3);
  EXPECT_EQ(need.oldest, submitted.tasks[0]);
  EXPECT_TRUE(need.next_wake.empty()) << "all of it runs";
  world.complete({retried(submitted.claimed[1], engine::Millis(3'600'000))});
  world.complete({retried(submitted.claimed[2], engine::Millis(60'000))});
  const auto row = plugin("order");
  EXPECT_EQ(row.at("version"), "1.0.0");
  EXPECT_EQ(row.at("open_tasks"), 3);
  EXPECT_EQ(row.at("more_open_tasks"), false);
  EXPECT_EQ(row.at("oldest_task"), raw(submitted.tasks[0]));
  EXPECT_EQ(world.sql.value("select '" + row.at("next_wake").get<std::string>() + "'::timestamptz between now() and now() + interval '2 minutes'"), "t");
  world.cancel(submitted.tasks[0]);
  world.complete({finished(submitted.claimed[0])});
  need = needs(order.template_id);
  EXPECT_EQ(need.tasks, 2);
  EXPECT_EQ(need.oldest, submitted.tasks[1]);
}

TEST_F(PluginStates, AThousandOpenTasksAreNotCountedOn) {
  const auto order = world.publish("order", "a");
  world.sql.exec("insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, context) select tasker.lane_of(id), id, " +
                 std::to_string(raw(order.template_id)) + ", 'pending', 1, now(), '{}' from generate_series(100, 5100) id");
  EXPECT_EQ(needs(order.template_id).tasks, 1001);
  EXPECT_EQ(plugin("order").at("open_tasks"), 1000);
  EXPECT_EQ(plugin("order").at("more_open_tasks"), true);
  leave();
  EXPECT_TRUE(plugin("order").at("reason").get<std::string>().starts_with("1000+ open tasks wait: "));
}

TEST_F(PluginStates, AHostThatUnloadedAVersionHasItNoMore) {
  const auto order = world.publish("order", "a; b: a");
  note("draining", "its file was removed");
  for (const std::string state : {"finishing", "unloaded"}) {
    note(state, "no open task needs it");
    EXPECT_EQ(plugin("order").at("state"), state);
    EXPECT_EQ(plugin("order").at("hosts"), 0);
    EXPECT_EQ(plugin("order").at("reason"), "no open task needs it");
    EXPECT_TRUE(plugin("order").at("code").is_null());
  }
  EXPECT_TRUE(needed(world.host()).empty());
  const TaskId task = world.submit_one(order.template_id, 0);  // it was under way when nothing needed the version
  EXPECT_EQ(plugin("order").at("state"), "unavailable");
  EXPECT_EQ(needed(world.host()).size(), 1u) << "so it comes back";
  world.cancel(task);
  world.publish("order", "a; b: a");
  EXPECT_EQ(plugin("order").at("state"), "active");
  EXPECT_EQ(plugin("order").at("hosts"), 1);
}

TEST_F(PluginStates, OldDevelopmentBuildsAreListedWhileTheyMatter) {
  const auto order = world.publish("order", "a", "1.0.0+dev.0123abcd");
  EXPECT_EQ(plugin("order").at("state"), "active");
  const TaskId task = world.submit_one(order.template_id, 0);
  leave();
  EXPECT_EQ(plugin("order").at("state"), "unavailable");
  world.cancel(task);
  EXPECT_TRUE(plugin("order").empty());
}

}  // namespace
}  // namespace tasker::test
