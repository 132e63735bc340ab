// The reference workflows' handlers as built, each through a file that has it. Their shapes in a real host:
// tests/system.
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

Answer run(const char* graph, const char* handler, const json& context, const json& inputs = json::object(),
           const json& config = json::object()) {
  TempDir folder;
  const PluginFile plugin(std::string("reference/") + graph + "-1.0.0",
                          {{"shop_dir", folder.path().string()}});
  return plugin.run({handler, "1", "", 1, context, inputs, config});
}
json values(const char* graph, const char* handler, const json& values, const json& config = json::object()) {
  return run(graph, handler, {{"values", values}}, json::object(), config).payload.at("values");
}

TEST(ReferenceHandlers, TakeTheirPartOfASeries) {
  EXPECT_EQ(values("tree", "slice", {5, 4, 3, 2, 1}, {{"part", 1}, {"of", 2}}), json({5.0, 4.0, 3.0}));
  EXPECT_EQ(values("tree", "sort", {5, 4, 3, 2, 1}, {{"part", 2}, {"of", 2}}), json({1.0, 2.0}));
  EXPECT_EQ(values("linear", "scale", {2, 4, 3}), json({0.0, 1.0, 0.5}));
  EXPECT_EQ(values("linear", "scale", {7, 7}), json({0.0, 0.0}));
}

TEST(ReferenceHandlers, HalvesAddUpToTheWhole) {
  const json series = {2, 4, 4, 4, 5, 5, 7, 9};
  const json whole = run("diamond", "summarise", {{"values", series}}).payload;
  EXPECT_DOUBLE_EQ(whole["mean"], 5);
  EXPECT_DOUBLE_EQ(whole["deviation"], 2);
  json halves;
  for (int part : {1, 2})
    halves["b" + std::to_string(part)] =
        run("diamond", "summarise", {{"values", series}}, json::object(), {{"part", part}, {"of", 2}})
            .payload;
  const json combined = run("diamond", "combine", json::object(), halves).payload;
  EXPECT_DOUBLE_EQ(combined["deviation"], 2);
  EXPECT_EQ(combined["count"], 8);
}

TEST(ReferenceHandlers, MergeSortedPartsOnly) {
  const auto merge = [](const json& a, const json& b) {
    return run("tree", "merge_sorted", json::object(), {{"a", {{"values", a}}}, {"b", {{"values", b}}}});
  };
  EXPECT_EQ(merge({1, 5}, {2, 3}).payload["values"], json({1.0, 2.0, 3.0, 5.0}));
  EXPECT_EQ(merge({5, 1}, {2, 3}).code, "series.not_sorted");
}

TEST(ReferenceHandlers, RefuseForGoodWhatTheyCannotUse) {
  EXPECT_EQ(run("linear", "load", {{"values", json::array()}}).code, "series.malformed");
  EXPECT_EQ(run("linear", "check", {{"values", {1, 11}}}, json::object(), {{"high", 10}}).code,
            "series.out_of_range");
  EXPECT_EQ(run("mixed", "chart", {{"values", {1}}, {"chart_width", 0}}).code, "chart.malformed");
  EXPECT_EQ(run("mixed", "chart", {{"values", {1, 9, 9}}, {"chart_width", 4}}).payload["chart"],
            "##\n\n\n\n\n\n\n\n\n####\n");
}

TEST(ReferenceHandlers, APartOfFewerValuesThanPartsIsEmptyAndHasNoMedian) {
  const json of_two = {{"part", 2}, {"of", 2}};
  EXPECT_EQ(run("parallel_merge", "median", {{"values", {1}}}, json::object(), of_two).code,
            "series.empty_part");
  EXPECT_EQ(run("parallel_merge", "median", {{"values", {1, 3}}}, json::object(), of_two).payload["median"],
            3);
  EXPECT_EQ(values("parallel_merge", "scale", {1}, of_two), json::array());
  EXPECT_EQ(run("parallel_merge", "summarise", {{"values", {1}}}, json::object(), of_two).payload["count"],
            0);
}

TEST(ReferenceHandlers, RefuseOptionsThatWouldHaveNoEffect) {
  const auto code = [](const char* graph, const char* handler, const json& option) {
    return run(graph, handler, {{"values", {1}}}, json::object(), option).code;
  };
  EXPECT_EQ(code("tree", "merge_sorted", {{"part", 1}}), "config.invalid");
  EXPECT_EQ(code("diamond", "combine", {{"of", 1}}), "config.invalid");
  EXPECT_EQ(code("mixed", "chart", {{"sorted", true}}), "config.invalid");
  EXPECT_EQ(code("linear", "sort", {{"low", 1}}), "config.invalid");
  EXPECT_EQ(code("linear", "check", {{"low", 1}, {"part", 1}}), "");
}

TEST(ReferenceHandlers, RemoveTheirScratchOnceAndForAll) {
  TempDir folder;
  const PluginFile plugin("reference/mixed-1.0.0", {{"shop_dir", folder.path().string()}});
  const json written = plugin.run({"write_scratch", "1", "", 1, {{"values", {1}}}}).payload;
  EXPECT_TRUE(std::filesystem::exists(written["scratch"].get<std::string>()));
  const auto remove = [&] {
    return plugin.run({"remove_scratch", "1", "", 1, json::object(), {{"write_scratch", written}}}).payload;
  };
  EXPECT_EQ(remove(), json({{"removed", true}}));
  EXPECT_EQ(remove(), json({{"removed", false}}));
}

}  // namespace
}  // namespace tasker::test
