// What operators list: every filter alone, pages without gaps or doubles while tasks come in, and time bounds that are found
// by halving instead of reading.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"  // filters name what they filter by, and nothing else

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using Json = nlohmann::json;
using engine::TaskFilter;

class Lists : public ::testing::Test {
 protected:
  std::vector<TaskId> submit(TemplateId id, int count, const engine::NewTask& like = {}) {
    engine::SubmitRequest request;
    request.host = world.host();
    request.plugins = world.plugins();
    request.tasks.assign(static_cast<std::size_t>(count), like);
    for (auto& task : request.tasks) task.template_id = id;
    const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->tasks : std::vector<TaskId>{};
  }

  Json page(TaskFilter filter) {
    const auto answer = await<std::string>([&](auto reply) { world.store().reader().list_tasks(filter, reply); });
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? Json::parse(*answer) : Json();
  }

  // Page after page; the test fails on a task that comes twice.
  std::vector<std::int64_t> all(TaskFilter filter, const std::function<void()>& between = [] {}) {
    std::vector<std::int64_t> ids;
    for (Json next = ""; !next.is_null();) {
      const Json got = page(filter);
      for (const auto& task : got.at("tasks")) {
        const auto id = task.at("task_id").get<std::int64_t>();
        EXPECT_TRUE(ids.empty() || id < ids.back()) << id << " after " << ids.back();
        ids.push_back(id);
      }
      next = got.at("next");
      if (ids.empty()) break;
      filter.after = static_cast<TaskId>(ids.back());
      between();
    }
    return ids;
  }

  std::string newest_first(const std::string& where) {
    return world.sql.value("select coalesce(jsonb_agg(task_id order by task_id desc), '[]') from tasker.task where " + where);
  }
  static std::string text(const std::vector<std::int64_t>& ids) {
    std::string out = "[";
    for (const auto id : ids) out += (out.size() > 1 ? ", " : "") + std::to_string(id);
    return out + "]";
  }

  PgWorld world;
};

TEST_F(Lists, EveryFilterFindsItsTasksAndNoOthers) {
  const auto old_order = world.publish("order", "a; b: a", "1.0.0");
  const auto new_order = world.publish("order", "a", "1.1.0");
  const auto refund = world.publish("refund", "a");
  submit(old_order.template_id, 3);
  submit(new_order.template_id, 2, {.tags = R"(["vip", "b\"q"])", .correlation_id = "c-1"});
  submit(refund.template_id, 2, {.initiator = "ada", .source_system = "shop", .tags = R"(["vip"])"});
  world.sql.exec("select tasker.cancel_task(task_id, 'tester', 'why', clock_timestamp()) from tasker.task where initiator = 'ada'");
  const auto count = [&](TaskFilter filter) { return all(std::move(filter)).size(); };
  EXPECT_EQ(count({}), 7u);
  EXPECT_EQ(count({.namespace_name = "default"}), 7u);
  EXPECT_EQ(count({.namespace_name = "other"}), 0u);
  EXPECT_EQ(count({.name = "order"}), 5u);
  EXPECT_EQ(count({.name = "order", .version = "1.1.0"}), 2u);
  EXPECT_EQ(count({.status = "cancelled"}), 2u);
  EXPECT_EQ(count({.status = "error"}), 0u);
  EXPECT_EQ(count({.status = "pending"}), 5u) << "no host has room";
  EXPECT_EQ(count({.correlation_id = "c-1"}), 2u);
  EXPECT_EQ(count({.correlation_id = "c"}), 0u);
  EXPECT_EQ(count({.tag = "vip"}), 4u);
  EXPECT_EQ(count({.tag = "b\"q"}), 2u);
  EXPECT_EQ(count({.tag = "vi"}), 0u);
  EXPECT_EQ(count({.initiator = "ada"}), 2u);
  EXPECT_EQ(count({.source_system = "shop"}), 2u);
  EXPECT_EQ(count({.name = "refund", .status = "cancelled", .tag = "vip", .initiator = "ada"}), 2u);
  EXPECT_EQ(count({.created_after = "2020-01-01T00:00:00Z", .created_before = "2100-01-01T00:00:00Z"}), 7u);
  EXPECT_EQ(count({.created_before = "2020-01-01T00:00:00Z"}), 0u);
}

TEST_F(Lists, PagesHaveNoGapsAndNoDoublesWhileTasksComeIn) {
  const auto order = world.publish("order", "a");
  submit(order.template_id, 40, {.tags = R"(["t"])", .correlation_id = "c"});
  const auto before = newest_first("true");
  const auto more = [&] { submit(order.template_id, 3, {.tags = R"(["t"])", .correlation_id = "c"}); };
  EXPECT_EQ(text(all({.limit = 7}, more)), before);
  for (TaskFilter filter : {TaskFilter{.limit = 6}, TaskFilter{.limit = 6, .correlation_id = "c"}, TaskFilter{.limit = 6, .tag = "t"}})
    EXPECT_EQ(text(all(filter)), newest_first("true"));
  EXPECT_TRUE(page({.limit = 100}).at("next").is_null());
  // A page that ends with the last task says so: nobody asks for an empty one.
  const int size = std::stoi(world.sql.value("select count(*) from tasker.task"));
  EXPECT_TRUE(page({.limit = size}).at("next").is_null());
  EXPECT_EQ(world.sql.value("select convert_from(decode(rpad(translate('" + page({.limit = 1}).at("next").get<std::string>() +
                            "', '-_', '+/'), 12, '='), 'base64'), 'UTF8') = 'task:' || max(task_id) from tasker.task"), "t");
}

TEST_F(Lists, TimeBoundsAreExactAlthoughIdsOnlyNearlyGrowWithTime) {
  const auto order = world.publish("order", "a");
  for (int i = 0; i < 5; ++i) submit(order.template_id, 1000);
  // Ten seconds a task, and blocks of 64 that were used up to an hour late: some fifteen hours.
  world.sql.exec("update tasker.task set created_at = timestamptz '2030-01-01 00:00Z' + task_id * interval '10 s'"
                 " + (task_id / 64 * 7919 % 3600) * interval '1 s'");
  for (const char* time : {"2029-12-31T00:00:00Z", "2030-01-01T00:30:00Z", "2030-01-01T05:00:01Z", "2030-01-01T09:59:59Z",
                           "2030-01-01T13:00:00Z", "2030-01-02T00:00:00Z", "2030-01-01T07:00:00+02:00"}) {
    const std::string literal = std::string("timestamptz '") + time + "'";
    const auto ids = [&](TaskFilter filter) {
      filter.limit = 100'000;
      std::vector<std::int64_t> out;
      const Json got = page(filter);
      for (const auto& task : got.at("tasks")) out.push_back(task.at("task_id"));
      return text(out);
    };
    EXPECT_EQ(ids({.created_after = time}), newest_first("created_at >= " + literal)) << time;
    EXPECT_EQ(ids({.created_before = time}), newest_first("created_at < " + literal)) << time;
    EXPECT_EQ(ids({.created_after = "2030-01-01T03:00:00Z", .created_before = time}),
              newest_first("created_at >= '2030-01-01 03:00Z' and created_at < " + literal)) << time;
  }
  EXPECT_EQ(world.sql.value("select high - low < 3000 from tasker.task_ids_around('2030-01-01 05:00Z')"), "t");
}

TEST_F(Lists, TheCatalogueIsReadInPagesToo) {
  for (const char* name : {"a", "b", "c", "d", "e"}) world.publish(name, "s");
  world.publish("c", "s", "1.1.0");
  auto& reader = world.store().reader();
  const auto names = [&](const std::string& list, auto call) {
    std::vector<std::string> out;
    engine::Page page{.limit = 2};
    for (bool more = true; more && out.size() < 20;) {
      const auto answer = await<std::string>([&](auto reply) { call(page, reply); });
      EXPECT_TRUE(answer) << answer.error().message;
      const Json got = Json::parse(*answer);
      for (const auto& each : got.at(list)) out.push_back(each.at("name").template get<std::string>() + each.value("version", ""));
      more = !got.at("next").is_null();
      if (!more) break;
      const std::string cursor = got.at("next");
      const auto place = world.sql.value("select convert_from(decode(rpad(translate('" + cursor + "', '-_', '+/'), " +
                                         std::to_string((cursor.size() + 3) / 4 * 4) + ", '='), 'base64'), 'UTF8')");
      page.after = place.substr(place.find(':') + 1);
    }
    return out;
  };
  using testing::ElementsAre;
  EXPECT_THAT(names("handlers", [&](auto page, auto reply) { reader.list_handlers("default", page, reply); }),
              ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(names("plugins", [&](auto page, auto reply) { reader.list_plugins(page, reply); }),
              ElementsAre("a1.0.0", "b1.0.0", "c1.0.0", "c1.1.0", "d1.0.0", "e1.0.0"));
  world.sql.exec("insert into tasker.namespace (name) values ('x'), ('y'), ('z')");
  EXPECT_THAT(names("namespaces", [&](auto page, auto reply) { reader.list_namespaces(page, reply); }),
              ElementsAre("default", "x", "y", "z"));
}

}  // namespace
}  // namespace tasker::test
