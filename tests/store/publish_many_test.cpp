// Thousands of plugins at once: what is published or noted while the connection is busy goes together, and one that is refused
// takes none of the others with it.
#include "store/pg_catalogue.h"
#include "support/pg_world.h"
#include "support/template_text.h"

namespace tasker::test {
namespace {

class PublishMany : public testing::Test {
 protected:
  using Awaiting = Awaited<store::PublishedPlugin>;
  Awaiting publish(int number, const std::string& sha) {
    Awaiting awaiting;
    const std::string name = "order_" + std::to_string(number);
    const auto definition = template_of(name, "a; b: a", "1.2.3-rc.1");
    world.store().catalogue().publish(world.host(), {definition->namespace_name, name, "1.2.3-rc.1", sha}, *definition, awaiting.reply());
    return awaiting;
  }
  static constexpr int kMany = 150;
  PgWorld world;
};

TEST_F(PublishMany, EachGetsItsOwnIdsAndOnlyTheOneAtFaultIsRefused) {
  ASSERT_TRUE(publish(77, "other bytes").get());
  std::vector<Awaiting> awaiting;
  for (int i = kMany; i > 0; --i) awaiting.push_back(publish(i, "sha"));
  for (int i = kMany; i > 0; --i) {
    const auto ids = awaiting[static_cast<std::size_t>(kMany - i)].get();
    if (i == 77) {
      ASSERT_FALSE(ids);
      EXPECT_EQ(ids.error().code, Code::plugin_version_immutable);
      continue;
    }
    ASSERT_TRUE(ids) << ids.error().message;
    EXPECT_EQ(world.sql.value("select name from tasker.plugin where plugin_id = " + std::to_string(raw(ids->plugin_id))),
              "order_" + std::to_string(i));
    EXPECT_EQ(world.sql.value("select name || ' ' || version_core::text || ' ' || pre_release || ' ' || (context_schema is null) from tasker.template "
                              "where template_id = " + std::to_string(raw(ids->template_id))),
              "order_" + std::to_string(i) + " {1,2,3} rc.1 true");
  }
  EXPECT_EQ(world.sql.value("select count(*) from tasker.template_step"), std::to_string(kMany * 2));
}

// A note that comes before a publication must not be told after it.
TEST_F(PublishMany, StatesAreNotedInTheOrderTheyCame) {
  std::vector<Awaiting> awaiting;
  std::vector<Awaited<int>> noted;
  for (int i = 0; i < kMany; ++i) {
    awaiting.push_back(publish(i, "sha"));
    const std::string name = "order_" + std::to_string(i);
    for (const char* state : {"active", "draining"})
      world.store().catalogue().note_state(world.host(), {"default", name, "1.2.3-rc.1", "sha"}, state, "", state, noted.emplace_back().reply());
  }
  for (auto& each : awaiting) ASSERT_TRUE(each.get());
  for (auto& each : noted) ASSERT_TRUE(each.get());
  EXPECT_EQ(world.sql.value("select count(*) from tasker.plugin where state = 'draining' and reason = 'draining'"), std::to_string(kMany));
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_plugin where draining"), std::to_string(kMany));
}

}  // namespace
}  // namespace tasker::test
