#include "base/timestamp.h"

#include <array>
#include <ctime>

namespace tasker {
namespace {

// Takes digits from the front; -1 when they are not all digits.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool in(int value, int low, int high) {
  return value >= low && value <= high;
}

bool take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return true;
  if (!take(text, '+') && !take(text, '-')) return false;
  // PostgreSQL refuses offsets of 16 hours and more.
  return in(take_number(text, 2), 0, 15) && take(text, ':') && in(take_number(text, 2), 0, 59);
}

std::string print(std::chrono::system_clock::time_point time, const char* format) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> out{};
  return {out.data(), std::strftime(out.data(), out.size(), format, &parts)};
}

}  // namespace

bool is_rfc3339(std::string_view text) {
  const int year = take_number(text, 4);
  if (!in(year, 1970, 9999) || !take(text, '-')) return false;
  const int month = take_number(text, 2);
  if (!in(month, 1, 12) || !take(text, '-')) return false;
  const int day = take_number(text, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (day < 1 || !date.ok() || (!take(text, 'T') && !take(text, 't') && !take(text, ' '))) return false;
  if (!in(take_number(text, 2), 0, 23) || !take(text, ':') || !in(take_number(text, 2), 0, 59) ||
      !take(text, ':'))
    return false;
  if (!in(take_number(text, 2), 0, 60)) return false;
  if (take(text, '.')) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (!in(static_cast<int>(digits), 1, 9)) return false;
    text.remove_prefix(digits);
  }
  return take_zone(text) && text.empty();
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  return print(time, "%Y-%m-%dT%H:%M:%SZ");
}
std::string http_date(std::chrono::system_clock::time_point time) {
  return print(time, "%a, %d %b %Y %H:%M:%S GMT");
}

}  // namespace tasker
