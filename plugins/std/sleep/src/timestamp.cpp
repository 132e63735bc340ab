#include "timestamp.h"

#include <charconv>
#include <cstdio>

namespace std_sleep {
namespace {

using std::chrono::milliseconds;

// Takes `digits` digits, and the character behind them unless it is 0. -1 when the text is another.
int take(std::string_view& text, std::size_t digits, char then) {
  int number = 0;
  if (text.size() < digits + (then == '\0' ? 0 : 1)) return -1;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  if (then != '\0' && text[digits] != then) return -1;
  text.remove_prefix(digits + (then == '\0' ? 0 : 1));
  return number;
}

// ".5" is half a second; what is finer than milliseconds is cut off.
std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (text.empty() || text.front() != '.') return milliseconds(0);
  text.remove_prefix(1);
  int value = 0, unit = 100;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, unit /= 10)
    value += (text[digits] - '0') * unit;
  text.remove_prefix(digits);
  return digits == 0 ? std::nullopt : std::optional(milliseconds(value));
}

std::optional<std::chrono::minutes> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text.front() != '+' && text.front() != '-')) return std::nullopt;
  const int sign = text.front() == '+' ? 1 : -1;
  text.remove_prefix(1);
  const int hours = take(text, 2, ':'), minutes = take(text, 2, '\0');
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (hours * 60 + minutes));
}

}  // namespace

std::optional<Moment> moment_from(std::string_view text) {
  const int year = take(text, 4, '-'), month = take(text, 2, '-'), day = take(text, 2, 'T');
  const int hour = take(text, 2, ':'), minute = take(text, 2, ':'), second = take(text, 2, '\0');
  if (year < 1970 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  const auto date = std::chrono::year(year) / month / day;
  const auto fraction = take_fraction(text);
  const auto offset = take_offset(text);
  if (!date.ok() || !fraction || !offset) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + *fraction - *offset;
}

std::string moment_text(Moment moment) {
  const auto days = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(moment - days);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

}  // namespace std_sleep
