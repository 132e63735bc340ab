// One built example in a shop folder of its own, and its steps run one after another with what the steps
// before gave, as the engine does for a task.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugins_shipped/plugin_file.h"
#include "support/files.h"

namespace tasker::test {

// "ann.lee@mail.example" and the like are in plugins/shop/data, which the examples have compiled in.
class Example {
 public:
  // "ecommerce/checkout-1.0.0". `config` is merged over the shop_dir.
  explicit Example(const std::string& name, const nlohmann::json& config = nlohmann::json::object());

  // One task: it has the context, and remembers what each step gave.
  class Task {
   public:
    // Runs the step as attempt 1, or as the one that is given, with `config` as its handler_config.
    Answer run(const std::string& step, const nlohmann::json& config = nlohmann::json::object(),
               std::uint32_t attempt = 1);
    // The result; the test fails when the step does not succeed.
    nlohmann::json result(const std::string& step, const nlohmann::json& config = nlohmann::json::object());
    // Empty when the step succeeds.
    std::string code(const std::string& step, const nlohmann::json& config = nlohmann::json::object());

    nlohmann::json results = nlohmann::json::object();
    std::string correlation_id = {};
    std::string idempotency_key = {};  // "<task_id>/<step>" when empty

   private:
    friend class Example;
    Task(Example& example, nlohmann::json context, std::string id)
        : example_(example), context_(std::move(context)), id_(std::move(id)) {}
    Example& example_;
    nlohmann::json context_;
    std::string id_;
  };
  Task task(const nlohmann::json& context, const std::string& id = {});

  std::filesystem::path path(const std::string& name) const { return folder_.path() / "shop" / name; }
  std::vector<nlohmann::json> ledger() const;
  // What the moves of the whole ledger add up to.
  std::int64_t balance(const std::string& account) const;

 private:
  TempDir folder_;
  std::uint64_t tasks_ = 0;
  PluginFile plugin_;
};

}  // namespace tasker::test
