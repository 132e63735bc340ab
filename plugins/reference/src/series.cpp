#include "series.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "shop/fault.h"

namespace reference {

Series slice(const Series& values, std::size_t part, std::size_t of) {
  const std::size_t least = values.size() / of, longer = values.size() % of;
  const auto begin_of = [&](std::size_t index) {
    return static_cast<std::ptrdiff_t>(index * least + std::min(index, longer));
  };
  return {values.begin() + begin_of(part - 1), values.begin() + begin_of(part)};
}

Series scale(const Series& values) {
  if (values.empty()) return {};
  const auto [low, high] = std::ranges::minmax(values);
  Series scaled;
  for (const double value : values) scaled.push_back(high > low ? (value - low) / (high - low) : 0);
  return scaled;
}

Series merge_sorted(const std::vector<Series>& parts) {
  Series all;
  for (const auto& part : parts) {
    if (!std::ranges::is_sorted(part))
      throw shop::Fault("series.not_sorted", "a part to be merged is not sorted");
    Series merged;
    std::ranges::merge(all, part, std::back_inserter(merged));
    all = std::move(merged);
  }
  return all;
}

double median(Series values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Summary summarise(const Series& values) {
  Summary summary;
  for (const double value : values) summary = combine(summary, {1, value, 0, value, value});
  return summary;
}

Summary combine(const Summary& a, const Summary& b) {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const auto count = static_cast<double>(a.count + b.count), of_a = static_cast<double>(a.count),
             of_b = static_cast<double>(b.count);
  const double distance = b.mean - a.mean;
  return {a.count + b.count, a.mean + distance * of_b / count,
          a.squares + b.squares + distance * distance * of_a * of_b / count, std::min(a.low, b.low),
          std::max(a.high, b.high)};
}

std::string chart(const Series& values, std::size_t width) {
  std::array<std::size_t, 10> tenths{};
  for (const double value : scale(values))
    ++tenths[std::min<std::size_t>(9, static_cast<std::size_t>(value * 10))];
  const std::size_t most = std::max<std::size_t>(1, std::ranges::max(tenths));
  std::string text;
  for (const std::size_t count : tenths) text += std::string(count * width / most, '#') + "\n";
  return text;
}

}  // namespace reference
