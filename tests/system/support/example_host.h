// A host with example plugins over one shop folder, and what tests ask about a task's steps. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {

class ExampleHost {
 public:
  // "ecommerce/checkout-1.0.0"; `more` is merged into the configuration of the plugin without its version,
  // {"shop_dir": ...}. Records are files of data(), a copy of the shop's sample. Returns when all are loaded;
  // the test fails when they are not.
  explicit ExampleHost(const std::vector<std::string>& plugins, const Json& more = Json::object(),
                       const Tuning& tuning = {}, std::vector<std::string> environment = {});

  const HttpClient& http() const { return host_->http(); }
  std::filesystem::path shop() const { return place_.path("shop"); }
  std::filesystem::path data() const { return place_.path("records"); }

  // The id of a new task of "ecommerce/checkout".
  std::int64_t submit(const std::string& workflow, const Json& context) const;
  // The same task once it has ended.
  Json run(const std::string& workflow, const Json& context) const {
    return http().ended(submit(workflow, context));
  }

 private:
  TempDb database_;
  Workplace place_;
  std::unique_ptr<TaskerProcess> host_;
};

// The step of that name; the test fails when there is none.
Json step_of(const Json& task, const std::string& name);
// "complete", "pending" and so on.
std::string state_of(const Json& task, const std::string& step);
// How many steps are complete.
int complete_steps(const Json& task);
// Every step was claimed after all that it depends on had finished.
void expect_parents_first(const Json& task);

}  // namespace tasker::test
