// The functions that people and tools ask: step_readiness and task_execution_context with the predecessor's columns and
// words, and its defects mended; levels, counts, and the JSON that the API shows.
#include "store/pg_reader.h"
#include "store/pg_catalogue.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

std::string columns_of(SqlClient& sql, const std::string& function) {
  return sql.value("select string_agg(name || ' ' || format_type(type, null), ', ' order by place)"
                   " from pg_proc p cross join lateral unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality"
                   " as a(name, type, mode, place) where p.oid = 'tasker." + function + "'::regproc and mode = 't'");
}

TEST(Readiness, HasThePredecessorsColumns) {
  PgWorld world;
  EXPECT_EQ(columns_of(world.sql, "step_readiness"),
            "workflow_step_id bigint, task_id bigint, named_step_id integer, name text, current_state text,"
            " dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean,"
            " last_failure_at timestamp with time zone, next_retry_at timestamp with time zone, total_parents integer,"
            " completed_parents integer, attempts integer, retry_limit integer, backoff_request_seconds integer,"
            " last_attempted_at timestamp with time zone");
  EXPECT_EQ(columns_of(world.sql, "task_execution_context"),
            "task_id bigint, named_task_id integer, status text, total_steps integer, pending_steps integer,"
            " in_progress_steps integer, completed_steps integer, failed_steps integer, ready_steps integer,"
            " execution_status text, recommended_action text, completion_percentage numeric, health_status text");
}

std::string steps_of(PgWorld& world, TaskId task) {
  return world.sql.value("select string_agg(concat_ws(' ', name, current_state, dependencies_satisfied, retry_eligible,"
                         " ready_for_execution, completed_parents || '/' || total_parents, attempts), '; ')"
                         " from tasker.step_readiness(array[" + text_of(task) + "])");
}

std::string context_of(PgWorld& world, TaskId task) {
  return world.sql.value("select concat_ws(' ', status, total_steps, pending_steps, in_progress_steps, completed_steps,"
                         " failed_steps, ready_steps, execution_status, recommended_action, completion_percentage,"
                         " health_status) from tasker.task_execution_context(array[" + text_of(task) + "])");
}

TEST(Readiness, FollowsATaskThroughItsStates) {
  PgWorld world;
  const auto diamond = world.publish("diamond", "a; b: a; c: a; d: b c");
  const auto submitted = world.submit(diamond.template_id, 1, 0);
  const TaskId task = submitted.tasks[0];
  EXPECT_EQ(steps_of(world, task), "a ready t t t 0/0 0; b pending f t f 0/1 0; c pending f t f 0/1 0; d pending f t f 0/2 0");
  EXPECT_EQ(context_of(world, task), "pending 4 4 0 0 0 1 has_ready_steps execute_ready_steps 0.00 healthy");
  auto claimed = world.claim(task);
  EXPECT_EQ(context_of(world, task), "in_progress 4 3 1 0 0 0 processing wait_for_completion 0.00 healthy");
  claimed = world.complete({finished(claimed[0])}, 0).claimed;
  EXPECT_EQ(context_of(world, task), "in_progress 4 3 0 1 0 2 has_ready_steps execute_ready_steps 25.00 healthy");
  claimed = world.claim(task);
  auto retry = finished(claimed.at(0), OutcomeKind::retry, "");
  retry.delay = std::chrono::seconds(90);
  world.complete({retry, finished(claimed.at(1))});
  EXPECT_EQ(steps_of(world, task), "a complete t t f 0/0 1; b waiting_for_retry t t f 1/1 1; c complete t t f 1/1 1;"
                                   " d pending f t f 1/2 0");
  EXPECT_EQ(context_of(world, task),
            "in_progress 4 1 0 2 1 0 waiting_for_dependencies wait_for_dependencies 50.00 recovering");
  EXPECT_EQ(world.sql.value("select concat_ws(' ', backoff_request_seconds, next_retry_at - last_failure_at > '89 s',"
                            " last_attempted_at = last_failure_at) from tasker.step_readiness(array[" + text_of(task) + "])"
                            " where name = 'b'"), "90 t t");
  world.pass(std::chrono::seconds(91));
  EXPECT_EQ(context_of(world, task), "in_progress 4 1 0 2 1 1 has_ready_steps execute_ready_steps 50.00 recovering");
  world.run_to_end(world.claim(task));
  EXPECT_EQ(context_of(world, task), "complete 4 0 0 4 0 0 all_complete finalize_task 100.00 healthy");
}

// The predecessor failed the task here, while a retry was still due.
TEST(Readiness, AnExhaustedStepBlocksOnlyWhenNothingElseCanMove) {
  PgWorld world;
  const auto two = world.publish("two", "a!; b");
  const auto submitted = world.submit(two.template_id);
  const TaskId task = submitted.tasks[0];
  auto retry = finished(submitted.claimed[1], OutcomeKind::retry, "");
  retry.delay = std::chrono::hours(1);
  world.complete({finished(submitted.claimed[0], OutcomeKind::retry, ""), retry});
  EXPECT_EQ(context_of(world, task), "in_progress 2 0 0 0 2 0 waiting_for_dependencies wait_for_dependencies 0.00 blocked");
  world.pass(std::chrono::hours(2));
  world.run_to_end(world.claim(task));
  EXPECT_EQ(context_of(world, task), "error 2 0 0 1 1 0 blocked_by_failures handle_failures 50.00 blocked");
}

// The predecessor never ran such a step at all, and never counted its failure as final.
TEST(Readiness, AStepThatIsNotRetryableRunsOnceAndFailsForGood) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  world.sql.exec("update tasker.template_step set retryable = false");
  const auto submitted = world.submit(one.template_id, 1, 0);
  EXPECT_EQ(steps_of(world, submitted.tasks[0]), "a ready t t t 0/0 0");
  const auto answer = world.complete({finished(world.claim(submitted.tasks[0]).at(0), OutcomeKind::retry, "")});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_EQ(steps_of(world, submitted.tasks[0]), "a error t f f 0/0 1");
}

TEST(Readiness, SkippedAndResolvedParentsSatisfyCancelledOnesDoNot) {
  PgWorld world;
  const auto three = world.publish("three", "a; b; c; d: a b; e: c");
  const TaskId task = world.submit_one(three.template_id, 0);
  world.sql.exec("update tasker.step set state = (array['skipped', 'resolved_manually', 'cancelled'])[ord]::tasker.step_state"
                 " where ord <= 3");
  EXPECT_EQ(world.sql.value("select string_agg(name || ready_for_execution, ' ' order by name) from"
                            " tasker.step_readiness(array[" + text_of(task) + "]) where name in ('d', 'e')"),
            "dtrue efalse");
}

TEST(Readiness, UnknownTasksHaveNoRowsAndOrderIsByTaskAndStep) {
  PgWorld world;
  const auto two = world.publish("two", "a; b: a");
  world.submit(two.template_id, 2);
  EXPECT_EQ(world.sql.value("select string_agg(workflow_step_id::text, ' ') from tasker.step_readiness('{65,64,999}')"),
            std::to_string(64 * 16384 + 1) + " " + std::to_string(64 * 16384 + 2) + " " + std::to_string(65 * 16384 + 1) +
                " " + std::to_string(65 * 16384 + 2));
  EXPECT_EQ(world.sql.value("select string_agg(task_id::text, ' ') from tasker.task_execution_context('{65,999,64}')"), "64 65");
  EXPECT_TRUE(world.sql.rows("select * from tasker.step_readiness('{}')").empty());
}

TEST(DependencyLevels, AreTheLongestPathsFromTheFirstSteps) {
  PgWorld world;
  const auto graph = world.publish("graph", "a; b: a; c: b; d: a c; e");
  const TaskId task = world.submit_one(graph.template_id);
  EXPECT_EQ(world.sql.value("select string_agg(ts.name || l.dependency_level, ' ' order by ts.name)"
                            " from tasker.dependency_levels(" + text_of(task) + ") l join tasker.template_step ts"
                            " on ts.ord = l.workflow_step_id % 16384"), "a0 b1 c2 d3 e0");
}

TEST(Health, CountsEveryTaskAndStepOnce) {
  PgWorld world;
  const auto two = world.publish("two", "a!; b");
  const auto submitted = world.submit(two.template_id, 3);
  world.submit(two.template_id, 2, 0);
  auto retry = finished(submitted.claimed[1], OutcomeKind::retry, "");
  retry.delay = std::chrono::hours(1);
  world.complete({finished(submitted.claimed[0], OutcomeKind::fail, ""), retry});
  EXPECT_EQ(world.sql.value("select concat_ws(' ', total_tasks, pending_tasks, in_progress_tasks, complete_tasks, error_tasks,"
                            " cancelled_tasks, total_steps, pending_steps, in_progress_steps, complete_steps, error_steps,"
                            " retryable_error_steps, exhausted_retry_steps, in_backoff_steps) from"
                            " tasker.system_health_counts()"), "5 2 3 0 0 0 10 4 4 0 2 1 1 1");
}

std::string read(PgWorld&, const std::function<void(engine::Reply<std::string>)>& call) {
  auto answer = await<std::string>(call);
  EXPECT_TRUE(answer) << answer.error().message;
  return answer ? *answer : "";
}

TEST(Reader, ShowsTasksHandlersAndPlugins) {
  PgWorld world;
  auto& reader = world.store().reader();
  const auto old_version = world.publish("order", "a; b: a", "1.0.0");
  world.publish("order", "a; b: a; c: b", "1.10.0");
  world.publish("order", "a", "2.0.0-rc.1");
  const auto submitted = world.submit(old_version.template_id, 30);
  std::vector<Awaited<std::string>> shown(40);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    reader.show_task(static_cast<TaskId>(64 + static_cast<std::int64_t>(i)), shown[i].reply());
  }
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string text = *shown[i].get();
    if (i < 30) EXPECT_NE(text.find("\"task_id\": " + std::to_string(64 + i)), std::string::npos) << text;
    else EXPECT_EQ(text, "null");
  }
  const std::string page = read(world, [&](auto reply) { reader.list_tasks({"default", "order", "", "in_progress", 10, {}}, reply); });
  EXPECT_NE(page.find("\"next\": \"dGFzazo4NA\""), std::string::npos) << page;  // task:84
  EXPECT_NE(read(world, [&](auto reply) { reader.list_tasks({"", "", "", "", 10, static_cast<TaskId>(66)}, reply); })
                .find("\"next\": null"), std::string::npos);
  EXPECT_NE(read(world, [&](auto reply) { reader.show_handler("default", "order", "", reply); }).find("order@1.10.0"),
            std::string::npos);
  EXPECT_EQ(read(world, [&](auto reply) { reader.show_handler("default", "order", "9.9.9", reply); }), "null");
  EXPECT_EQ(read(world, [&](auto reply) { reader.list_handlers("nowhere", {}, reply); }), "null");
  EXPECT_NE(read(world, [&](auto reply) { reader.list_handlers("default", {}, reply); }).find("\"latest_version\": \"1.10.0\""),
            std::string::npos);
  EXPECT_NE(read(world, [&](auto reply) { reader.list_namespaces({}, reply); }).find("\"default\""), std::string::npos);
  EXPECT_NE(read(world, [&](auto reply) { reader.list_plugins({}, reply); }).find("\"active\""), std::string::npos);
  const auto versions = *await<std::vector<engine::HandlerVersion>>(
      [&](auto reply) { reader.handler_versions("default", "order", reply); });
  EXPECT_EQ(versions.size(), 3u);
  EXPECT_TRUE(versions[0].available);
  EXPECT_TRUE(await<engine::Micros>([&](auto reply) { reader.ping(reply); }));
}

TEST(Catalogue, AVersionNeverChanges) {
  PgWorld world;
  auto& catalogue = world.store().catalogue();
  const auto publish = [&](const std::string& sha, const std::string& graph) {
    return await<store::PublishedPlugin>([&](auto reply) {
      catalogue.publish(world.host(), {"default", "order", "1.0.0", sha}, *template_of("order", graph), reply);
    });
  };
  const auto first = publish("sha-1", "a; b: a");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(publish("sha-1", "a; b: a")->template_id, first->template_id);
  EXPECT_EQ(publish("sha-2", "a; b: a").error().code, Code::plugin_version_immutable);
  EXPECT_EQ(publish("sha-1", "a; b").error().code, Code::plugin_version_immutable);
  EXPECT_TRUE(await<int>([&](auto reply) {
    catalogue.note_state(world.host(), {"default", "bad", "1.0.0", "sha-3"}, "refused", "plugin.not_elf", "no", reply);
  }));
  EXPECT_EQ(world.sql.value("select code from tasker.plugin where name = 'bad'"), "plugin.not_elf");
}

// A workflow without code has a version for each set of plugins that it was bound to, and one text for all of them.
TEST(Catalogue, AWorkflowKeepsItsTextWhateverItIsBoundTo) {
  PgWorld world;
  auto& catalogue = world.store().catalogue();
  const auto publish = [&](const std::string& version, const std::string& graph) {
    const std::string sha = version.substr(version.find("bound.") + 6) + "-rest";
    model::TaskTemplate bound = *template_of("flow", graph);
    bound.version = *Semver::parse(version);
    return await<store::PublishedPlugin>([&](auto reply) {
      catalogue.publish(world.host(), {"default", "flow", version, sha}, bound, reply);
    });
  };
  ASSERT_TRUE(publish("1.0.0+bound.00000001", "a"));
  EXPECT_TRUE(publish("1.0.0+bound.00000002", "a"));
  EXPECT_EQ(publish("1.0.0+bound.00000003", "a; b").error().code, Code::plugin_version_immutable);
  EXPECT_TRUE(publish("1.0.0+dev.11111111.bound.00000003", "a; b")) << "a build of another name";
  EXPECT_EQ(publish("1.0.0+dev.11111111.bound.00000004", "a").error().code, Code::plugin_version_immutable);
}

}  // namespace
}  // namespace tasker::test
