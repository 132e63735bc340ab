#include "http/prefer.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>

namespace tasker::http {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\"");
  if (first == std::string_view::npos) return {};
  std::string out(text.substr(first, text.find_last_not_of(" \t\"") - first + 1));
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

void take(std::string_view preference, Preferences& out) {
  preference = preference.substr(0, preference.find(';'));  // parameters: none that we know
  const std::size_t equals = preference.find('=');
  if (equals == std::string_view::npos) return;
  const std::string name = trimmed(preference.substr(0, equals));
  const std::string value = trimmed(preference.substr(equals + 1));
  if (name == "return") out.minimal = value == "minimal";
  if (name != "wait") return;
  std::int64_t seconds = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (failed == std::errc::result_out_of_range && value.front() != '-') seconds = kLongestWait.count();
  else if (failed != std::errc{} || end != value.data() + value.size()) return;
  out.wait = std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kLongestWait);
}

}  // namespace

Preferences read_preferences(std::string_view header) {
  Preferences out;
  while (!header.empty()) {
    const std::size_t end = header.find(',');
    take(header.substr(0, end), out);
    header = end == std::string_view::npos ? std::string_view{} : header.substr(end + 1);
  }
  return out;
}

}  // namespace tasker::http
