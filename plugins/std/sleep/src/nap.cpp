#include "nap.h"

#include "template/options.h"
#include "template/render.h"
#include "timestamp.h"

namespace std_sleep {

using tasker::Json;

namespace {

constexpr double kMostSeconds = 10 * 365 * 24 * 3600.0;

Moment now() { return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

Moment end_from(const stock::Options& options) {
  if (options.has("seconds") == options.has("until"))
    options.fail("needs either \"seconds\", a number, or \"until\", a time such as 2026-12-24T18:00:00Z");
  if (options.has("seconds")) {
    const double seconds = options.number("seconds", 0, 0, kMostSeconds);
    return now() + std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  }
  const std::string text = options.text("until");
  const auto moment = moment_from(text);
  if (!moment) options.fail("says \"until\": \"" + text + "\", which is no time such as 2026-12-24T18:00:00Z");
  return *moment;
}

// Null at the first call.
std::optional<Moment> end_of_earlier_call(tasker::Call& call) {
  const Json& kept = call.checkpoint();
  if (!kept.is_object() || !kept.contains("until") || !kept["until"].is_string()) return std::nullopt;
  return moment_from(kept["until"].get_ref<const std::string&>());
}

}  // namespace

Json sleep(tasker::Call& call) {
  auto end = end_of_earlier_call(call);
  if (!end) {
    stock::Scope scope(call);
    const Json config = stock::Renderer(scope).value(call.config(), "");
    end = end_from({config, "handler_config", {"seconds", "until"}});
  }
  const std::string until = moment_text(*end);
  const auto left = *end - now();
  if (left.count() <= 0) return {{"until", until}};
  call.heartbeat({{"until", until}});
  throw tasker::WaitFor(left, "until " + until);
}

}  // namespace std_sleep
