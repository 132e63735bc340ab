#include "base/metrics_text.h"

#include <fmt/format.h>

#include "base/histogram.h"

namespace tasker {
namespace {

std::string escaped(std::string_view label_value) {
  std::string out;
  for (const char c : label_value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

std::string number(double value) {
  return value == std::floor(value) && std::abs(value) < 1e15 ? fmt::format("{}", static_cast<std::int64_t>(value))
                                                              : fmt::format("{}", value);
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::line(std::string_view suffix, std::string_view label, std::string_view label_value, double value) {
  text_.append(name_).append(suffix);
  if (!label.empty()) text_.append("{").append(label).append("=\"").append(escaped(label_value)).append("\"}");
  text_.append(" ").append(number(value)).append("\n");
}

void MetricsText::histogram(const Histogram& values) {
  std::uint64_t below = 0;
  for (std::size_t at = 0; at < values.size(); ++at) {
    below += values.count(at);
    line("_bucket", "le", number(values.bound(at)), static_cast<double>(below));
  }
  below += values.count(values.size());
  line("_bucket", "le", "+Inf", static_cast<double>(below));
  line("_sum", {}, {}, values.sum());
  line("_count", {}, {}, static_cast<double>(below));
}

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t value) {
  family(name, "counter", help);
  sample(static_cast<double>(value));
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(value);
}

}  // namespace tasker
