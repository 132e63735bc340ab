// What the reference workflows work out of a series of numbers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reference {

using Series = std::vector<double>;

// Part 1..of of the series in order; the first ones are longer by one when it does not divide evenly.
Series slice(const Series& values, std::size_t part, std::size_t of);

// To 0..1; all 0 when they are all the same.
Series scale(const Series& values);

// All given ones are sorted. Throws Fault series.not_sorted otherwise.
Series merge_sorted(const std::vector<Series>& parts);

double median(Series values);  // not empty

// Mean and sum of squared distances from it, which can be combined without the values.
struct Summary {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;
  double low = 0;
  double high = 0;
};
Summary summarise(const Series& values);
Summary combine(const Summary& a, const Summary& b);

// "#####" lines, one for each tenth of the range, the longest as long as the width.
std::string chart(const Series& values, std::size_t width);

}  // namespace reference
