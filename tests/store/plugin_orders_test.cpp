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
  std::string retry(const engine::PluginName& plugin, const std::string& reason = "") {
    return told(await<bool>([&](auto reply) { world.store().operators().retry(plugin, reason, reply); }));
  }
  void ban(const std::string& version, const std::string& sha256 = "sha", const std::string& code = "plugin.crashed", std::int64_t seen = 1'000) {
    EXPECT_TRUE(await<int>([&](auto reply) {
      world.store().catalogue().ban(world.host(), {"default", "order", version, sha256}, code, "SIGSEGV in its init()", seen, reply);
    }));
  }
  static std::string kinds(const store::PluginOrderList& list) {
    std::string all;
    for (const auto& order : list.orders) all += order.kind + " " + order.plugin.version + " ";
    return all;
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
  void note(const std::string& version, const std::string& state, const std::string& reason = "") {
    EXPECT_TRUE(await<int>([&](auto reply) {
      world.store().catalogue().note_state(world.host(), {"default", "order", version, "sha"}, state, "", reason, reply);
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

TEST_F(PluginOrders, BytesThatCrashedAreKnownToAllUntilTheyAreTriedAgain) {
  world.publish("order", "a", "1.0.0");
  note("1.0.0", "unloaded");
  const auto before = orders(-1)->revision;
  ban("1.0.0");
  ban("1.0.0", "sha", "plugin.quarantined");
  const auto banned = orders(before);
  ASSERT_TRUE(banned && banned->orders.size() == 1) << "one for these bytes";
  EXPECT_EQ(banned->revision, before + 1);
  EXPECT_EQ(banned->orders[0].kind, "banned");
  EXPECT_EQ(banned->orders[0].plugin.sha256, "sha");
  EXPECT_EQ(banned->orders[0].code, "plugin.crashed");
  EXPECT_TRUE(banned->orders[0].reason.starts_with("these bytes are not tried again: SIGSEGV in its init() (on host ")) << banned->orders[0].reason;
  EXPECT_TRUE(banned->orders[0].reason.ends_with("; `tasker plugin retry default/order@1.0.0` tries them again"));
  note("1.0.0", "refused");
  EXPECT_EQ(shown(order("1.0.0")).at("state"), "refused");
  EXPECT_EQ(shown(order("1.0.0")).at("code"), "plugin.crashed");
  EXPECT_EQ(retry(order("1.0.0"), "it was mended"), "true");
  const auto heard = orders(banned->revision);
  EXPECT_EQ(kinds(*heard), "retried 1.0.0 ");
  EXPECT_FALSE(orders(heard->revision)) << "once";
  EXPECT_EQ(kinds(*orders(-1)), "") << "who starts tries everything anyway";
  const auto last = shown(order("1.0.0")).at("history").back();
  EXPECT_EQ(last.at("what"), "retried");
  EXPECT_EQ(last.at("reason"), "it was mended");
  ban("1.0.0", "sha", "plugin.crashed", banned->revision);
  EXPECT_EQ(kinds(*orders(banned->revision)), "retried 1.0.0 ") << "whoever had not heard of it yet tries again first";
}

TEST_F(PluginOrders, OnlyWhatDoesNotRunIsTriedAgain) {
  world.publish("order", "a", "1.0.0");
  EXPECT_EQ(retry(order("1.0.0")), "plugin.not_refused");
  EXPECT_EQ(retry(order("9.0.0")), "handler.version_unknown");
  EXPECT_EQ(retry(order("1.0.0", "nothing")), "handler.unknown");
  note("1.0.0", "quarantined", "it crashed");
  EXPECT_EQ(retry(order("1.0.0")), "true");
  EXPECT_EQ(retry(order("1.0.0")), "true") << "no host has said yet that it runs";
  note("1.0.0", "active");
  EXPECT_EQ(retry(order("1.0.0")), "plugin.not_refused");
  // A file that never came so far as to be published.
  note("2.0.0", "refused", "a library is missing");
  EXPECT_EQ(retry(order("2.0.0")), "true");
  // Refused here, while another host, which came later, runs it.
  note("1.0.0", "refused");
  EXPECT_TRUE(await<int>([&](auto reply) {
    world.store().catalogue().note_state(world.another_host(), {"default", "order", "1.0.0", "sha"}, "active", "", "", reply);
  }));
  EXPECT_EQ(retry(order("1.0.0")), "true");
}

TEST_F(PluginOrders, HostsOfBeforeHearWhatTheyKnow) {
  world.publish("order", "a", "1.0.0");
  ban("1.0.0");
  EXPECT_EQ(retire(order("1.0.0")), "true");
  EXPECT_EQ(world.sql.value("select string_agg(kind, ' ' order by kind) from tasker.plugin_orders_since(-1)"), "retired revision");
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
