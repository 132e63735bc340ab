// What came of one attempt, as a host would record it, and all that the handler said meanwhile. Plain values; nothing
// in it is the plugin's. `problems` holds what the handler did against the contract, one sentence each.
#pragma once

#include <tasker/plugin.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tasker/sdk/host.h"
#include "tasker/sdk/json.h"
#include "tasker/testing/clock.h"

namespace tasker {
namespace kit {

enum class Kind { ok = TASKER_OK, retry = TASKER_RETRY, fail = TASKER_FAIL, wait = TASKER_WAIT, cancelled = TASKER_CANCELLED };

inline const char* text_of(Kind kind) {
  static const char* const texts[] = {"ok", "retry", "fail", "wait", "cancelled"};
  return texts[static_cast<int>(kind)];
}
inline std::ostream& operator<<(std::ostream& out, Kind kind) { return out << text_of(kind); }

struct Event {
  std::string name;
  Json payload;
};

struct LogLine {
  Level level = Level::info;
  std::string message;
  Json fields;  // null when it has none
};

struct Beat {
  int progress = -1;  // 0..1000
  std::string note;
  Json checkpoint;  // null when it carried none
};

struct Outcome {
  Kind kind = Kind::fail;
  Json result;              // ok: the step's result; else details of the error, or null
  std::string result_text;  // the same, byte for byte
  std::string code;
  std::string message;
  std::optional<Millis> retry_after;  // wait, and retry with a wish
  std::vector<Event> events;          // that would be published: none unless the attempt is ok
  std::vector<Event> emitted;         // that were emitted, whatever came of them
  std::vector<LogLine> logs;
  std::vector<Beat> beats;
  Json checkpoint;  // what the next attempt would be given
  std::vector<std::string> problems;

  // Succeeded, and kept to the contract on the way.
  bool is_ok() const { return kind == Kind::ok && problems.empty(); }
  bool has_logged(std::string_view part) const {
    for (const LogLine& line : logs) {
      if (line.message.find(part) != std::string::npos) return true;
    }
    return false;
  }
};

// For messages of assertions.
inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  out << outcome.kind;
  if (!outcome.code.empty()) out << ' ' << outcome.code;
  if (!outcome.message.empty()) out << ": " << outcome.message;
  if (outcome.retry_after) out << " (after " << outcome.retry_after->count() << " ms)";
  if (!outcome.result_text.empty()) out << "\n  result " << outcome.result_text;
  for (const Event& event : outcome.emitted) out << "\n  event " << event.name << ' ' << event.payload;
  for (const LogLine& line : outcome.logs) out << "\n  log " << line.message;
  for (const std::string& problem : outcome.problems) out << "\n  problem: " << problem;
  return out;
}

}  // namespace kit
}  // namespace tasker
