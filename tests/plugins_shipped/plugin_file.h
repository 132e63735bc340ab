// A built plugin file, loaded and called through the C contract as the host does, one attempt at a time: what
// a handler answers can be looked at without a host or a database. Not for the loader's own rules:
// tests/plugin has those.
#pragma once

#include <tasker/plugin.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace tasker::test {

struct Attempt {
  std::string handler;
  std::string task_id = "1";
  std::string idempotency_key = {};  // "<task_id>/<handler>" when empty
  std::uint32_t attempt = 1;
  nlohmann::json context = nlohmann::json::object();
  nlohmann::json inputs = nlohmann::json::object();
  nlohmann::json config = nlohmann::json::object();  // the step's handler_config
  nlohmann::json checkpoint = nullptr;
  std::string correlation_id = {};
  std::string step = {};  // its name; the handler's when empty
  const std::atomic<std::uint32_t>* stop_bits = nullptr;  // read whenever the handler asks
};

struct Answer {
  std::int32_t kind = TASKER_OK;
  std::string code;
  std::string message;
  std::uint64_t retry_after_ms = 0;
  nlohmann::json payload;
  nlohmann::json checkpoint;  // the last one that a heartbeat brought
};

class PluginFile {
 public:
  // "default/order_process-1.0.0": below <build>/plugins. The test fails when init refuses the configuration.
  PluginFile(const std::string& name, const nlohmann::json& config);
  ~PluginFile();
  PluginFile(const PluginFile&) = delete;
  PluginFile& operator=(const PluginFile&) = delete;

  // Any thread.
  Answer run(const Attempt& attempt) const;

  // What init answers to a configuration that it refuses; kind is TASKER_OK when it does not.
  static Answer refusal(const std::string& name, const nlohmann::json& config);

 private:
  void* library_ = nullptr;
  const tasker_plugin* plugin_ = nullptr;
  void* self_ = nullptr;
};

}  // namespace tasker::test
