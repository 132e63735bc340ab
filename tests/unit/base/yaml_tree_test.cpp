#include "base/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasker::yaml {
namespace {

using testing::HasSubstr;

std::string json(std::string_view text) {
  const auto node = parse(text, "t.yaml", Code::config_invalid);
  return node ? to_json(*node) : node.error().message;
}

TEST(YamlTree, TypesPlainScalarsByTheCoreRules) {
  EXPECT_EQ(json("[1, -2, +3, 007, 0x1F, 0o17, 12345678901234567890123]"),
            "[1,-2,3,7,31,15,12345678901234567890123]");
  EXPECT_EQ(json("[1.50, .5, 5., -1e3, 1.5E-7]"), "[1.50,0.5,5.0,-1e3,1.5E-7]");
  EXPECT_EQ(json("[true, False, TRUE, null, ~, Null]"), "[true,false,true,null,null,null]");
  EXPECT_EQ(json("[yes, no, on, off, 1.0.0, 12:30, 1_000, 0b1, -, 2025-01-31, 0xZZ, nULL]"),
            R"(["yes","no","on","off","1.0.0","12:30","1_000","0b1","-","2025-01-31","0xZZ","nULL"])");
}

TEST(YamlTree, KeepsQuotedAndBlockScalarsAsText) {
  EXPECT_EQ(json("['1', \"true\", \"null\", '', !!str 5]"), R"(["1","true","null","","5"])");
  EXPECT_EQ(json("a: |\n  1\n  2\nb: >\n  x\n  y\n"), R"({"a":"1\n2\n","b":"x y\n"})");
  EXPECT_EQ(json("a:\nb: {}\nc: []"), R"({"a":null,"b":{},"c":[]})");
}

TEST(YamlTree, KeepsTheOrderAndThePlaces) {
  const auto node = parse("b: 1\na:\n  - x\n  -   y: 2\n", "t.yaml", Code::config_invalid).value();
  ASSERT_EQ(node.entries.size(), 2u);
  EXPECT_EQ(node.entries[0].key, "b");
  const Node& second = node.find("a")->items[1];
  EXPECT_EQ(second.line, 4);
  EXPECT_EQ(second.entries[0].column, 7);
}

TEST(YamlTree, ReadsJson) {
  EXPECT_EQ(json(R"({"a": [1, "x\n\"é\"", null, {"b": false}], "1": 1.0e5})"),
            R"({"a":[1,"x\n\"é\"",null,{"b":false}],"1":1.0e5})");
}

TEST(YamlTree, RefusesWhatTheLibraryLetsPass) {
  EXPECT_THAT(json("a: 1\nb: 2\na: 3\n"), HasSubstr("t.yaml:3:1: the key \"a\" is here twice"));
  EXPECT_THAT(json("x: &d {a: 1}\ny:\n  <<: *d\n"), HasSubstr("t.yaml:3:3: merge keys"));
  EXPECT_THAT(json("a: 1\n---\nb: 2\n"), HasSubstr("second document"));
  EXPECT_THAT(json("a: !custom 1\n"), HasSubstr("tag"));
  EXPECT_THAT(json("a: .inf"), HasSubstr("JSON"));
  EXPECT_THAT(json("? [a]\n: 1\n"), HasSubstr("key"));
  EXPECT_THAT(json("~: 1"), HasSubstr("key is missing"));
  EXPECT_THAT(json("a: [1\n"), HasSubstr("not valid YAML"));
  EXPECT_THAT(json("a: \xFF"), HasSubstr("UTF-8"));
  EXPECT_THAT(json(std::string("a: \0", 4)), HasSubstr("UTF-8"));
}

TEST(YamlTree, BoundsDepthSizeAndAliases) {
  EXPECT_THAT(json(std::string(101, '[') + std::string(101, ']')), HasSubstr("100 deep"));
  EXPECT_THAT(json(std::string(100'000, '[')), HasSubstr("t.yaml:1:"));
  EXPECT_THAT(json(std::string((4u << 20) + 1, ' ')), HasSubstr("bytes"));
  std::string laughs = "l0: &l0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    laughs += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) laughs += (n ? ", *l" : "*l") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_THAT(json(laughs), HasSubstr("more than 1000000 values"));
  EXPECT_EQ(json("a: &x {k: 1}\nb: *x\n"), R"({"a":{"k":1},"b":{"k":1}})");
  EXPECT_THAT(json("a: &x [*x]\n"), HasSubstr("alias"));
}

TEST(YamlTree, MergesMappingsMemberByMember) {
  Node base = parse("a: 1\nb: {c: 2, d: [1, 2]}\n", "t", Code::config_invalid).value();
  merge(base, parse("b: {d: [3], e: 4}\nf: 5\n", "t", Code::config_invalid).value());
  EXPECT_EQ(to_json(base), R"({"a":1,"b":{"c":2,"d":[3],"e":4},"f":5})");
}

TEST(YamlTree, FindsTheNearestWord) {
  constexpr std::string_view kWords[] = {"depends_on_step", "handler_class", "name"};
  EXPECT_EQ(nearest("depend_on_step", kWords), "depends_on_step");
  EXPECT_EQ(nearest("nmae", kWords), "name");
  EXPECT_EQ(nearest("colour", kWords), "");
}

}  // namespace
}  // namespace tasker::yaml
