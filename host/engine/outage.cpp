#include "engine/outage.h"

#include <spdlog/fmt/fmt.h>

#include "base/counted.h"

namespace tasker::engine {

namespace {

constexpr std::chrono::seconds kBetweenLines{10};
// Longer than the longest pause between two tries of the calls that matter: 2 s.
constexpr std::chrono::milliseconds kQuiet{2'500};

double seconds(SteadyTime::duration span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

std::string Outage::failed(const Error& error, SteadyTime now) {
  ++failures_;
  last_failure_ = now;
  if (!lasts_) {
    lasts_ = true;
    since_ = last_line_ = now;
    failures_ = 1;
    return fmt::format("a database call failed, {}: {}", code_text(error.code), error.message);
  }
  if (now - last_line_ < kBetweenLines) return {};
  last_line_ = now;
  return fmt::format("database calls have failed for {:.0f} s ({} of them), now {}: {}", seconds(now - since_), failures_,
                     code_text(error.code), error.message);
}

std::string Outage::answered(SteadyTime now) {
  if (!lasts_ || now - last_failure_ < kQuiet) return {};
  lasts_ = false;
  return fmt::format("the database answers again; {} had failed in {:.1f} s", counted(static_cast<std::size_t>(failures_), "call"),
                     seconds(last_failure_ - since_));
}

}  // namespace tasker::engine
