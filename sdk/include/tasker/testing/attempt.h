// What a test says about one attempt before it is run; everything has a value that a first attempt would have. Use
// designated initialisers, in this order: {.context = {{"order", 7}}, .number = 2}. Task is the same for the task hooks.
#pragma once

#include <tasker/plugin.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tasker/sdk/json.h"
#include "tasker/testing/clock.h"

namespace tasker {
namespace kit {

// TASKER_STOP_* bits that appear while the handler runs: from its n-th should_stop() or heartbeat() on; 0 is never.
struct StopLater {
  std::uint32_t bits = 0;
  unsigned at_question = 0;
};

struct Attempt {
  Json context = Json::object();     // what the task was submitted with
  Json inputs = Json::object();      // {"parent step": its result}
  Json config = Json::object();      // the step's handler_config
  Json checkpoint = nullptr;         // of an earlier attempt; null: none
  unsigned number = 1;               // 1 on the first try
  unsigned retry_limit = 3;          // all attempts, the first included
  std::uint32_t stop_bits = 0;       // TASKER_STOP_*, raised before it begins
  StopLater stop_later = {};
  Millis timeout{0};                 // from now on the test's clock to the deadline; 0: none
  Millis time_per_question{0};       // the test's clock moves so far at each should_stop() or heartbeat()
  Millis patience{10'000};           // real time for a handler that completes later
  // The events that the template names; left out: those that the plugin's manifest names for this step.
  std::optional<std::vector<std::string>> events = std::nullopt;
  std::string idempotency_key = {};  // left out: "<task_id>/<step>"
  std::string task_id = "42";
  std::string correlation_id = {};
  std::string traceparent = {};
  // Instead of the JSON above, byte for byte: for input that is not JSON.
  std::optional<std::string> context_text = std::nullopt;
  std::optional<std::string> inputs_text = std::nullopt;
  std::optional<std::string> config_text = std::nullopt;
};

// What task_created and task_ended are told. Hosts of this release refuse plugins that have these hooks.
struct Task {
  Json context = Json::object();
  std::string state = "pending";
  Json results = nullptr;  // {"step": its result}; null at creation
  std::string task_id = "42";
  std::string correlation_id = {};
  Millis patience{10'000};
};

}  // namespace kit
}  // namespace tasker
