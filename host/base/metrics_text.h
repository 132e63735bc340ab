// Metrics as Prometheus reads them (text format 0.0.4): families one after the other, each with its help and its samples.
// One thread builds one text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tasker {

class Histogram;

class MetricsText {
 public:
  // `type`: counter, gauge or histogram. The samples that follow belong to it.
  void family(std::string_view name, std::string_view type, std::string_view help);
  void sample(double value) { line("", {}, {}, value); }
  void sample(std::string_view label, std::string_view label_value, double value) { line("", label, label_value, value); }
  void histogram(const Histogram& values);

  // A family of one sample.
  void counter(std::string_view name, std::string_view help, std::uint64_t value);
  void gauge(std::string_view name, std::string_view help, double value);

  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, std::string_view label, std::string_view label_value, double value);

  std::string name_;
  std::string text_;
};

}  // namespace tasker
