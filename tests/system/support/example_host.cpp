#include "system/support/example_host.h"

#include <gtest/gtest.h>

namespace tasker::test {
namespace {

struct Named {
  std::string space, name, version;
};
// "ecommerce/checkout-1.0.0"
Named parts_of(const std::string& plugin) {
  const auto slash = plugin.find('/'), dash = plugin.rfind('-');
  return {plugin.substr(0, slash), plugin.substr(slash + 1, dash - slash - 1), plugin.substr(dash + 1)};
}

}  // namespace

ExampleHost::ExampleHost(const std::vector<std::string>& plugins, const Json& more, const Tuning& tuning,
                         std::vector<std::string> environment) {
  std::filesystem::copy(source_path("plugins/shop/data"), data());
  Json configuration;
  for (const auto& plugin : plugins) {
    place_.drop(plugin + ".so");
    const auto [space, name, version] = parts_of(plugin);
    auto& section = configuration[space + "/" + name];
    section = {{"shop_dir", shop().string()}, {"data_dir", data().string()}};
    section.update(more.value(space + "/" + name, Json::object()));
  }
  environment.push_back("TASKER_PLUGINS__CONFIGURATION=" + configuration.dump());
  host_ = std::make_unique<TaskerProcess>(
      std::vector<std::string>{"serve", "--config",
                               place_.configuration(database_.conninfo(), tuning, "host")},
      place_.path("host.out"), environment);
  host_->also_show(place_.path("host.log"));
  if (!host_->wait_until_ready()) return;
  for (const auto& plugin : plugins) {
    const auto [space, name, version] = parts_of(plugin);
    if (eventually([&, space = space, name = name, version = version] {
          return http().has_loaded(name, version, space);
        }))
      continue;
    ADD_FAILURE() << plugin << " is not loaded: " << http().get("/tasker/plugins").text;
    return;
  }
}

std::int64_t ExampleHost::submit(const std::string& workflow, const Json& context) const {
  const auto slash = workflow.find('/');
  return http().submit(
      {{"namespace", workflow.substr(0, slash)}, {"name", workflow.substr(slash + 1)}, {"context", context}});
}

Json step_of(const Json& task, const std::string& name) {
  for (const auto& step : task.at("workflow_steps"))
    if (step.at("name") == name) return step;
  ADD_FAILURE() << "there is no step " << name << " in " << task.dump(1);
  return Json::object();
}

std::string state_of(const Json& task, const std::string& step) {
  return step_of(task, step).value("detail", "");
}

int complete_steps(const Json& task) {
  const auto& steps = task.at("workflow_steps");
  return static_cast<int>(std::count_if(steps.begin(), steps.end(),
                                        [](const Json& step) { return step.at("detail") == "complete"; }));
}

void expect_parents_first(const Json& task) {
  for (const auto& step : task.at("workflow_steps")) {
    if (step.at("attempt_history").empty()) continue;
    const auto claimed = step["attempt_history"][0].at("claimed_at").get<std::string>();
    for (const auto& parent : step.at("depends_on")) {
      const auto attempts = step_of(task, parent).at("attempt_history");
      ASSERT_FALSE(attempts.empty()) << step["name"] << " ran, its parent " << parent << " did not";
      // Both are PostgreSQL's clock, in one form: they compare as texts.
      EXPECT_LE(attempts.back().at("finished_at").get<std::string>(), claimed)
          << step["name"] << " after " << parent;
    }
  }
}

}  // namespace tasker::test
