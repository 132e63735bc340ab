// What operators decide about plugin versions, as the database keeps it: retired, taken back, pinned; what is refused; what hosts hear.
#include <nlohmann/json.hpp>

#include "store/pg_catalogue.h"
#include "store/pg_operators.h"
#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using Json = nlohmann::json;

class PluginOrders : public testing::Test {
 protected:
  static engine::PluginName order(const std::string& version, const std::string& name = "order") { return {"default", name, version}; }
  // "true", "false" or the code.
  static std::string told(const Result<bool>& answer) {
    return answer ? (*answer ? "true" : "false") : std::string(code_text(answer.error().code));
  }
  std::string retire(const engine::PluginName& plugin) {
    return told(await<bool>([&](auto reply) { world.store().operators().retire(plugin, reply); }));
  }
  std::string resume(const engine::PluginName& plugin) {
    return told(await<bool>([&](auto reply) { world.store().operators().resume(plugin, reply); }));
  }
  std::string pin(const engine::PluginName& plugin) {
    return told(await<bool>([&](auto reply) { world.store().operators().pin_default(plugin, reply); }));
  }
  std::optional<store::PluginOrderList> orders(std::int64_t seen) {
    return *await<std::optional<store::PluginOrderList>>([&](auto reply) { world.store().catalogue().orders(seen, reply); });
  }
  Json shown(const engine::PluginName& plugin) {
    return Json::parse(*await<std::string>([&](auto reply) { world.store().reader().show_plugin(plugin, reply); }));
  }
  Json default_of(const std::string& name = "order") {
    return Json::parse(*await<std::string>([&](auto reply) { world.store().reader().show_default("default", name, reply); }));
  }
  std::string default_handler() {
    return Json::parse(*await<std::string>([&](auto reply) { world.store().reader().show_handler("default", "order", "", reply); })).at("version");
  }
  Json listed(const std::string& version) {
    const auto list = Json::parse(*await<std::string>([&](auto reply) { world.store().reader().list_plugins({}, reply); }));
    for (const auto& each : list.at("plugins"))
      if (each.at("version") == version) return each;
    return Json::object();
  }
  std::string missing() { return *await<std::string>([&](auto reply) { world.store().reader().missing_defaults(reply); }); }
  void note(const std::string& version, const std::string& state) {
    EXPECT_TRUE(await<int>([&](auto reply) {
      world.store().catalogue().note_state(world.host(), {"default", "order", version, "sha"}, state, "", "", reply);
    }));
  }

  PgWorld world;
};

TEST_F(PluginOrders, ARetirementIsHeardUntilItIsTakenBack) {
  world.publish("order", "a", "1.0.0");
  const auto first = orders(-1);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->orders.empty());
  EXPECT_FALSE(orders(first->revision)) << "no news";
  EXPECT_EQ(retire(order("1.0.0")), "true");
  EXPECT_EQ(retire(order("1.0.0")), "false") << "it was retired before";
  const auto retired = orders(first->revision);
  ASSERT_TRUE(retired && retired->orders.size() == 1);
  EXPECT_EQ(retired->revision, first->revision + 1);
  EXPECT_EQ(retired->orders[0].kind, "retired");
  EXPECT_EQ(retired->orders[0].plugin.version, "1.0.0");
  EXPECT_EQ(retired->orders[0].plugin.sha256, "sha");
  EXPECT_FALSE(shown(order("1.0.0")).at("retired_at").is_null());
  note("1.0.0", "unloaded");
  EXPECT_EQ(shown(order("1.0.0")).at("state"), "unloaded");
  EXPECT_EQ(shown(order("1.0.0")).at("reason"), "an operator retired it, and no open task has it");
  EXPECT_EQ(resume(order("1.0.0")), "true");
  EXPECT_EQ(resume(order("1.0.0")), "false");
  EXPECT_TRUE(orders(retired->revision)->orders.empty());
  EXPECT_TRUE(shown(order("1.0.0")).at("retired_at").is_null());
  std::vector<std::string> history;
  const auto last = shown(order("1.0.0"));
  for (const auto& event : last.at("history")) history.push_back(event.at("what"));
  EXPECT_EQ(history, (std::vector<std::string>{"published", "retired", "unloaded", "resumed"}));
  EXPECT_EQ(last.at("handlers").size(), 1u);
}

TEST_F(PluginOrders, WhatIsNotKnownIsRefused) {
  world.publish("order", "a", "1.0.0");
  EXPECT_EQ(retire(order("1.1.0")), "handler.version_unknown");
  EXPECT_EQ(resume(order("1.1.0")), "handler.version_unknown");
  EXPECT_EQ(pin(order("1.1.0")), "handler.version_unknown");
  EXPECT_EQ(retire(order("1.0.0", "nothing")), "handler.unknown");
  EXPECT_EQ(pin(order("1.0.0", "nothing")), "handler.unknown");
  EXPECT_EQ(pin(order("", "nothing")), "handler.unknown");
  EXPECT_TRUE(default_of("nothing").is_null());
  EXPECT_TRUE(shown(order("1.1.0")).is_null());
}

TEST_F(PluginOrders, APinnedVersionIsWhatTasksWithoutOneTake) {
  world.publish("order", "a", "1.0.0");
  world.publish("order", "a", "1.1.0");
  EXPECT_EQ(default_of().at("version"), "1.1.0");
  EXPECT_EQ(default_of().at("pinned"), false);
  EXPECT_EQ(pin(order("")), "false") << "there was none";
  EXPECT_EQ(pin(order("1.0.0")), "true");
  EXPECT_EQ(pin(order("1.0.0")), "false");
  EXPECT_EQ(default_of().at("version"), "1.0.0");
  EXPECT_EQ(default_of().at("pinned"), true);
  EXPECT_EQ(default_of().at("versions"), (Json{"1.0.0", "1.1.0"}));
  EXPECT_EQ(default_handler(), "1.0.0");
  EXPECT_EQ(listed("1.0.0").at("default"), true);
  EXPECT_EQ(listed("1.0.0").at("pinned"), true);
  EXPECT_EQ(listed("1.1.0").at("default"), false);
  const auto heard = orders(-1);
  ASSERT_EQ(heard->orders.size(), 1u);
  EXPECT_EQ(heard->orders[0].kind, "default");
  EXPECT_EQ(missing(), "");
  const auto versions = await<std::vector<engine::HandlerVersion>>([&](auto reply) { world.store().reader().handler_versions("default", "order", reply); });
  for (const auto& each : *versions) EXPECT_EQ(each.is_default, each.version == "1.0.0");
  EXPECT_EQ(pin(order("")), "true");
  EXPECT_EQ(default_handler(), "1.1.0");
  EXPECT_EQ(listed("1.1.0").at("default"), true);
}

TEST_F(PluginOrders, TheDefaultIsNotRetiredAndWhatIsRetiredIsNoDefault) {
  world.publish("order", "a", "1.0.0");
  world.publish("order", "a", "1.1.0");
  EXPECT_EQ(pin(order("1.0.0")), "true");
  EXPECT_EQ(retire(order("1.0.0")), "plugin.is_default");
  EXPECT_EQ(retire(order("1.1.0")), "true");
  EXPECT_EQ(pin(order("1.1.0")), "plugin.retired");
  EXPECT_EQ(default_of().at("version"), "1.0.0") << "what was refused changed nothing";
  EXPECT_EQ(pin(order("")), "true");
  EXPECT_EQ(retire(order("1.0.0")), "true");
}

TEST_F(PluginOrders, ADefaultThatHasGoneIsToldAndNotReplaced) {
  world.publish("order", "a", "1.0.0");
  world.publish("order", "a", "1.1.0");
  EXPECT_EQ(pin(order("1.0.0")), "true");
  note("1.0.0", "draining");
  EXPECT_EQ(default_of().at("version"), "1.0.0");
  EXPECT_EQ(default_of().at("available"), false);
  EXPECT_EQ(default_of().at("code"), "handler.default_unavailable");
  EXPECT_EQ(listed("1.0.0").at("code"), "handler.default_unavailable");
  EXPECT_EQ(listed("1.0.0").at("default"), true);
  EXPECT_EQ(listed("1.1.0").at("default"), false);
  EXPECT_EQ(missing(), "default/order 1.0.0");
  EXPECT_EQ(pin(order("1.1.0")), "true");
  EXPECT_EQ(missing(), "");
  EXPECT_EQ(pin(order("1.0.0")), "plugin.not_loaded") << "every task without a version would be refused";
}

TEST_F(PluginOrders, IsolationIsSaidOfTheLivingHosts) {
  const auto published = world.publish("order", "a", "1.0.0");
  EXPECT_EQ(listed("1.0.0").at("isolation"), "in_process");
  const auto plugin = static_cast<PluginId>(std::stoi(world.sql.value("select plugin_id from tasker.template where template_id = " +
                                                                      std::to_string(raw(published.template_id)))));
  EXPECT_TRUE(await<int>([&](auto reply) { world.store().catalogue().note_isolation(world.host(), plugin, "process", reply); }));
  EXPECT_EQ(listed("1.0.0").at("isolation"), "process");
}

}  // namespace
}  // namespace tasker::test
