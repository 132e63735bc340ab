#include "base/json_schema.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace tasker {
namespace {

JsonSchema schema(std::string_view text) {
  return std::move(JsonSchema::compile(text).value());
}
bool valid(std::string_view schema_text, std::string_view document) {
  return schema(schema_text).validate(document).empty();
}

// One line a case: schema, documents that are valid, documents that are not.
TEST(JsonSchema, KnowsTheKeywordsOfDraftSeven) {
  struct {
    const char* schema;
    std::vector<const char*> good, bad;
  } const cases[] = {
      {"true", {"1", "{}"}, {}},
      {"false", {}, {"1"}},
      {R"({"type":"integer"})", {"1", "1.0", "12345678901234567890123", "1e2"}, {"1.5", "\"1\""}},
      {R"({"type":["string","null"]})", {"\"a\"", "null"}, {"1"}},
      {R"({"enum":[1,"a",{"b":[1.0]}]})", {"1.0", "\"a\"", R"({"b":[1]})"}, {"2", "{}"}},
      {R"({"const":{"a":1,"b":2}})", {R"({"b":2,"a":1})"}, {R"({"a":1})"}},
      {R"({"minimum":9007199254740993})", {"9007199254740993"}, {"9007199254740992"}},
      {R"({"exclusiveMinimum":0,"maximum":10})", {"0.1", "10"}, {"0", "10.1"}},
      {R"({"exclusiveMaximum":5})", {"4.9"}, {"5"}},
      {R"({"multipleOf":0.01})", {"0.07", "19.99"}, {"0.075"}},
      {R"({"minLength":2,"maxLength":3})", {"\"\u00e9\u00e9\"", "1"}, {"\"a\"", "\"abcd\""}},
      {R"({"pattern":"^[A-Z]{2}$"})", {"\"AB\"", "1"}, {"\"ABC\"", "\"ab\""}},
      {R"({"format":"date-time"})", {"\"2025-01-31T10:00:00Z\"", "1"}, {"\"2025-13-31T10:00:00Z\"", "\"x\""}},
      {R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})",
       {"[1]", "[1,2]"},
       {"[]", "[1,2,3]", "[\"a\"]"}},
      {R"({"items":[{"type":"integer"},{"type":"string"}],"additionalItems":false})",
       {"[1,\"a\"]", "[1]"},
       {"[\"a\"]", "[1,\"a\",1]"}},
      {R"({"contains":{"const":2}})", {"[1,2]"}, {"[1]", "[]"}},
      {R"({"uniqueItems":true})", {"[1,2]", "[]"}, {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])"}},
      {R"({"properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false})",
       {R"({"a":1})", "1"},
       {"{}", R"({"a":"x"})", R"({"a":1,"b":2})"}},
      {R"({"patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":{"type":"string"}})",
       {R"({"x-a":1,"b":"c"})"},
       {R"({"x-a":"1"})", R"({"b":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":1})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1})"}},
      {R"({"dependencies":{"a":["b"],"c":{"required":["d"]}}})",
       {R"({"a":1,"b":1})", "{}", R"({"c":1,"d":1})"},
       {R"({"a":1})", R"({"c":1})"}},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1.5"}, {"0", "3"}},
      {R"({"anyOf":[{"type":"string"},{"minimum":5}]})", {"\"a\"", "5"}, {"4"}},
      {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "1"}},
      {R"({"not":{"type":"null"}})", {"1"}, {"null"}},
      {R"({"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1})", "{}"}},
      {R"({"definitions":{"n":{"type":"integer"}},"properties":{"a":{"$ref":"#/definitions/n"}}})",
       {R"({"a":1})"},
       {R"({"a":"x"})"}},
      {R"({"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}}})",
       {R"({"next":{"next":{"v":1}}})"},
       {R"({"next":{"next":{"v":"x"}}})"}},
      {R"({"unknown-keyword":1,"title":"t"})", {"1"}, {}},
  };
  for (const auto& c : cases) {
    for (const char* document : c.good)
      EXPECT_TRUE(valid(c.schema, document)) << c.schema << " should accept " << document;
    for (const char* document : c.bad)
      EXPECT_FALSE(valid(c.schema, document)) << c.schema << " should refuse " << document;
  }
}

TEST(JsonSchema, ChecksTheSchemaItself) {
  struct {
    const char* schema;
    const char* pointer;
  } const cases[] = {
      {R"({"type":"strin"})", "/type"},
      {R"({"type":[]})", "/type"},
      {R"({"type":1})", "/type"},
      {R"({"properties":{"a":{"minimum":"1"}}})", "/properties/a/minimum"},
      {R"({"properties":[]})", "/properties"},
      {R"({"properties":{"a/b":1}})", "/properties/a~1b"},
      {R"({"required":"a"})", "/required"},
      {R"({"required":["a","a"]})", "/required"},
      {R"({"minLength":-1})", "/minLength"},
      {R"({"maxItems":1.5})", "/maxItems"},
      {R"({"multipleOf":0})", "/multipleOf"},
      {R"({"enum":[]})", "/enum"},
      {R"({"enum":1})", "/enum"},
      {R"({"allOf":[]})", "/allOf"},
      {R"({"anyOf":{}})", "/anyOf"},
      {R"({"uniqueItems":"yes"})", "/uniqueItems"},
      {R"({"pattern":"("})", "/pattern"},
      {R"({"pattern":"(?!a)b"})", "/pattern"},
      {R"({"pattern":"(a)\\1"})", "/pattern"},
      {R"({"patternProperties":{"(":{}}})", "/patternProperties/("},
      {R"({"$ref":"http://example.com/s.json"})", "/$ref"},
      {R"({"$ref":"other.json#/a"})", "/$ref"},
      {R"({"$ref":"#/definitions/none"})", "/$ref"},
      {R"({"definitions":{"unused":{"type":"nope"}}})", "/definitions/unused/type"},
      {R"({"dependencies":{"a":1}})", "/dependencies/a"},
      {R"({"title":1})", "/title"},
  };
  for (const auto& c : cases) {
    const auto compiled = JsonSchema::compile(c.schema);
    ASSERT_FALSE(compiled) << c.schema;
    EXPECT_NE(compiled.error().message.find("\"" + std::string(c.pointer) + "\""), std::string::npos)
        << compiled.error().message;
  }
  EXPECT_FALSE(JsonSchema::compile("1"));
  EXPECT_FALSE(JsonSchema::compile("{"));
  EXPECT_FALSE(JsonSchema::compile(R"({"pattern":")" + std::string(1'025, 'a') + "\"}"));
}

TEST(JsonSchema, RefusesReferencesThatNeverEnterTheValue) {
  EXPECT_FALSE(JsonSchema::compile(R"({"$ref":"#"})"));
  EXPECT_FALSE(JsonSchema::compile(R"({"allOf":[{"$ref":"#"}]})"));
  EXPECT_FALSE(JsonSchema::compile(
      R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"anyOf":[{"$ref":"#/definitions/a"}]}}})"));
}

TEST(JsonSchema, NamesThePlaceOfEveryProblem) {
  const auto problems =
      schema(
          R"({"properties":{"items":{"items":{"required":["sku"],"properties":{"a/b":{"type":"integer"}}}}}})")
          .validate(R"({"items":[{"sku":1},{"a/b":"x"}]})");
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].pointer, "/items/1");
  EXPECT_EQ(problems[0].message, "lacks the member \"sku\"");
  EXPECT_EQ(problems[1].pointer, "/items/1/a~1b");
}

TEST(JsonSchema, TakesHostilePatternsAndLongStringsInLinearTime) {
  const JsonSchema hostile = schema(R"({"pattern":"^(a+)+$"})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(hostile.validate("\"" + std::string(30, 'a') + "!\"").empty());
  EXPECT_TRUE(hostile.validate("\"" + std::string(5'000'000, 'a') + "\"").empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(JsonSchema, BoundsTheWorkOfMultiplyingCombinations) {
  std::string text = R"({"definitions":{"d0":{"type":"integer"})";
  for (int i = 1; i <= 60; ++i) {
    const std::string ref = R"({"$ref":"#/definitions/d)" + std::to_string(i - 1) + "\"}";
    text += ",\"d" + std::to_string(i) + R"(":{"allOf":[)" + ref + "," + ref + "]}";
  }
  text += R"(},"$comment":"2^60 visits","allOf":[{"$ref":"#/definitions/d60"}]})";
  const auto problems = schema(text).validate("1");
  ASSERT_FALSE(problems.empty());
  EXPECT_NE(problems[0].message.find("too costly"), std::string::npos);
}

TEST(JsonSchema, ServesManyThreadsAtOnce) {
  const JsonSchema shared = schema(R"({"properties":{"a":{"pattern":"^x+$"}},"required":["a"]})");
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        if (!shared.validate(R"({"a":"xxx"})").empty() || shared.validate(R"({"a":"y"})").size() != 1)
          ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(JsonSchema, InsertsDefaultsAndLeavesTheRestAsWritten) {
  const JsonSchema orders = schema(
      R"({"properties":{"currency":{"default":"EUR"},"options":{"default":{},"properties":{"gift":{"default":false}}},
    "limits":{"properties":{"max":{"default":12345678901234567890123}}}},"allOf":[{"properties":{"source":{"default":"web"}}}]})");
  EXPECT_EQ(
      orders.apply_defaults(R"( { "n" : 12345678901234567890123 , "limits": { } } )"),
      R"( { "n" : 12345678901234567890123 , "limits": { "max":12345678901234567890123} ,"currency":"EUR","options":{"gift":false},"source":"web"} )");
  EXPECT_EQ(orders.apply_defaults("{}"), R"({"currency":"EUR","options":{"gift":false},"source":"web"})");
  EXPECT_EQ(orders.apply_defaults(R"({"currency":null,"options":{"gift":true},"source":"x"})"),
            R"({"currency":null,"options":{"gift":true},"source":"x"})");
  EXPECT_EQ(orders.apply_defaults("[1]"), "[1]");
}

TEST(JsonSchema, EndsWhenADefaultBringsItselfIn) {
  const JsonSchema endless = schema(R"({"properties":{"child":{"$ref":"#/definitions/node"}},
    "definitions":{"node":{"default":{},"properties":{"left":{"$ref":"#/definitions/node"},"right":{"$ref":"#/definitions/node"}}}}})");
  const std::string out = endless.apply_defaults("{}");
  EXPECT_LT(out.size(), 1'000u);
  EXPECT_TRUE(endless.validate(out).empty());
}

}  // namespace
}  // namespace tasker
