#include "base/metrics_text.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/histogram.h"

namespace tasker {
namespace {

TEST(Histogram, CountsEachValueOnceAndSumsThem) {
  Histogram values{1, 10, 100};
  for (const double value : {0.5, 1.0, 1.5, 100.0, 1000.0}) values.observe(value);
  EXPECT_EQ(values.count(0), 2u) << "a bound belongs to its bucket";
  EXPECT_EQ(values.count(1), 1u);
  EXPECT_EQ(values.count(2), 1u);
  EXPECT_EQ(values.count(3), 1u);
  EXPECT_DOUBLE_EQ(values.sum(), 1103.0);
}

TEST(Histogram, LosesNothingUnderManyThreads) {
  Histogram values{1};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] {
    for (int n = 0; n < 10'000; ++n) values.observe(n % 2 == 0 ? 0.25 : 2);
  });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(values.count(0), 20'000u);
  EXPECT_EQ(values.count(1), 20'000u);
  EXPECT_DOUBLE_EQ(values.sum(), 45'000.0);
}

TEST(MetricsText, WritesFamiliesAsPrometheusReadsThem) {
  MetricsText out;
  out.counter("a_total", "How many.", 12345678901ULL);
  out.gauge("b", "How much.", 0.25);
  out.family("c", "gauge", "By name.");
  out.sample("name", "x\"y\\z\nw", 1);
  Histogram values{0.5, 2};
  values.observe(0.1);
  values.observe(1);
  values.observe(3);
  out.family("d_seconds", "histogram", "How long.");
  out.histogram(values);
  EXPECT_EQ(out.take(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total 12345678901\n"
            "# HELP b How much.\n# TYPE b gauge\nb 0.25\n"
            "# HELP c By name.\n# TYPE c gauge\nc{name=\"x\\\"y\\\\z\\nw\"} 1\n"
            "# HELP d_seconds How long.\n# TYPE d_seconds histogram\n"
            "d_seconds_bucket{le=\"0.5\"} 1\nd_seconds_bucket{le=\"2\"} 2\nd_seconds_bucket{le=\"+Inf\"} 3\n"
            "d_seconds_sum 4.1\nd_seconds_count 3\n");
}

}  // namespace
}  // namespace tasker
