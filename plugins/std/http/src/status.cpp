#include "status.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <random>

namespace std_http {
namespace {

constexpr std::chrono::seconds kLongestRetryAfter = std::chrono::hours(24 * 365);

double random01() {
  thread_local std::minstd_rand engine(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

// The first line of what a server says of its refusal, for people.
std::string sentence(const Answer& answer) {
  std::string text = answer.body.substr(0, 300);
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return "the server answered " + std::to_string(answer.status) + (text.empty() ? "" : ": " + text);
}

bool is_final(long status) { return status == 400 || status == 401 || status == 403 || status == 404 || status == 422; }

}  // namespace

std::optional<std::chrono::seconds> retry_after_from(const std::string& text, std::time_t now) {
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (is_number) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc()) return std::nullopt;
    return std::min(std::chrono::seconds(seconds), kLongestRetryAfter);
  }
  const std::time_t date = curl_getdate(text.c_str(), nullptr);
  if (date == -1) return std::nullopt;
  return std::clamp(std::chrono::seconds(date - now), std::chrono::seconds(0), kLongestRetryAfter);
}

milliseconds backoff_delay(const Backoff& backoff, int attempt, double random01) {
  const double steps = attempt <= 6 ? static_cast<double>(1 << std::max(attempt - 1, 0)) : static_cast<double>(attempt) * attempt;
  const double seconds = std::min(steps * backoff.delay_seconds, 300.0) * (1 + backoff.jitter * (2 * random01 - 1));
  return milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds * 1000)));
}

void judge(const Answer& answer, const Backoff& backoff, int attempt, std::time_t now) {
  if (answer.status >= 200 && answer.status <= 226) return;
  const std::string code = "HTTP_" + std::to_string(answer.status);
  if (is_final(answer.status)) throw tasker::PermanentError(sentence(answer), code);
  std::optional<milliseconds> delay;
  if (answer.status == 429 || answer.status == 503) {
    const std::string* header = answer.header("retry-after");
    if (const auto wish = header == nullptr ? std::nullopt : retry_after_from(*header, now)) delay = *wish;
    else if (backoff.enabled) delay = backoff_delay(backoff, attempt, random01());
  }
  throw tasker::RetryableError(sentence(answer), delay, code);
}

}  // namespace std_http
