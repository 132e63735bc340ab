// Which changes of a schema shut out documents that were good.
#include <gtest/gtest.h>

#include "model/schema_difference.h"

namespace tasker::model {
namespace {

// The gravest effect; nothing for no change.
std::string verdict(const std::string& older, const std::string& newer) {
  std::string gravest = "none";
  for (const Change& change : schema_changes(older, newer)) {
    if (change.effect == Effect::breaking) return "breaking: " + change.what;
    if (change.effect == Effect::notable) gravest = "notable: " + change.what;
    if (change.effect == Effect::safe && gravest == "none") gravest = "safe: " + change.what;
  }
  return gravest;
}

std::string object(const std::string& members) { return "{\"type\":\"object\"," + members + "}"; }
std::string property(const std::string& schema) { return object("\"properties\":{\"a\":" + schema + "}"); }

TEST(SchemaDifference, IsNoneForTheSameSchemaWrittenOtherwise) {
  EXPECT_EQ(verdict(R"({"type":"object","required":["a"]})", R"({ "required": ["a"], "type": "object" })"), "none");
  EXPECT_EQ(verdict(R"({"title":"one"})", R"({"title":"two","description":"more"})"), "none");
}

TEST(SchemaDifference, RequiredKeysBreakUnlessTheyHaveADefault) {
  EXPECT_EQ(verdict(object("\"properties\":{}"), object("\"required\":[\"a\"],\"properties\":{\"a\":{}}")), "breaking: a is required now");
  EXPECT_EQ(verdict(object("\"properties\":{}"), object("\"required\":[\"a\"],\"properties\":{\"a\":{\"default\":1}}")),
            "safe: a is required now, and has a default");
  EXPECT_EQ(verdict(object("\"required\":[\"a\"]"), object("\"required\":[]")), "safe: a is no longer required");
}

TEST(SchemaDifference, TypesMayGrowAndNotShrink) {
  EXPECT_EQ(verdict(property(R"({"type":"integer"})"), property(R"({"type":"number"})")), "safe: a may be of more types");
  EXPECT_EQ(verdict(property(R"({"type":"number"})"), property(R"({"type":"integer"})")), "breaking: a may no longer be of type number");
  EXPECT_EQ(verdict(property(R"({"type":["string","null"]})"), property(R"({"type":"string"})")), "breaking: a may no longer be of type null");
  EXPECT_EQ(verdict(property("{}"), property(R"({"type":"string"})")), "breaking: a must have a type now, and could be anything");
}

TEST(SchemaDifference, ListsOfValuesMayGrowAndNotShrink) {
  EXPECT_EQ(verdict(property(R"({"enum":["x"]})"), property(R"({"enum":["x","y"]})")), "safe: a may have more values");
  EXPECT_EQ(verdict(property(R"({"enum":["x","y"]})"), property(R"({"const":"x"})")), "breaking: a may no longer be \"y\"");
  EXPECT_EQ(verdict(property("{}"), property(R"({"enum":[1]})")), "breaking: a must be one of a list of values now");
}

TEST(SchemaDifference, LimitsMayWidenAndNotNarrow) {
  EXPECT_EQ(verdict(property(R"({"minimum":1})"), property(R"({"minimum":0.5})")), "safe: a has the minimum 0.5, and had 1");
  EXPECT_EQ(verdict(property(R"({"maxLength":10})"), property(R"({"maxLength":9})")), "breaking: a has the maxLength 9, and had 10");
  EXPECT_EQ(verdict(property("{}"), property(R"({"minItems":1})")), "breaking: a has the minItems 1 now");
  EXPECT_EQ(verdict(property(R"({"maximum":5})"), property("{}")), "safe: a has no maximum any more");
  EXPECT_EQ(verdict(property("{}"), property(R"({"pattern":"^x"})")), "breaking: a must match ^x");
}

TEST(SchemaDifference, FieldsMayGoUnlessOthersAreRefused) {
  const auto open = object(R"("properties":{"a":{},"b":{}})");
  EXPECT_EQ(verdict(open, object(R"("properties":{"a":{}})")), "notable: b is no longer described: it is taken unchecked");
  EXPECT_EQ(verdict(open, object(R"("properties":{"a":{}},"additionalProperties":false)")), "breaking: b is no longer taken");
  EXPECT_EQ(verdict(object(R"("additionalProperties":false)"), object(R"("properties":{"a":{}},"additionalProperties":false)")), "safe: a is taken now");
}

TEST(SchemaDifference, ARequiredFieldMayNotLoseItsDefault) {
  const auto with = object(R"("required":["a"],"properties":{"a":{"type":"string","default":"x"}})");
  const auto without = object(R"("required":["a"],"properties":{"a":{"type":"string"}})");
  EXPECT_EQ(verdict(with, without), "breaking: a is required and has no default any more");
  EXPECT_EQ(verdict(without, with), "notable: a has another default");
}

TEST(SchemaDifference, OtherFieldsAllowedInSoManyWordsAreNoChange) {
  EXPECT_EQ(verdict(object(R"("properties":{"a":{}})"), object(R"("properties":{"a":{}},"additionalProperties":true)")), "none");
  EXPECT_EQ(verdict(object(R"("properties":{"a":{}},"additionalProperties":{"type":"string"})"), object(R"("additionalProperties":{"type":"string"})")),
            "breaking: a is judged as other fields are");
}

TEST(SchemaDifference, LooksIntoItemsAndNamesThePlace) {
  const auto older = property(R"({"type":"array","items":{"type":"object","properties":{"price":{"type":"number"}}}})");
  const auto newer = property(R"({"type":"array","items":{"type":"object","properties":{"price":{"type":"string"}}}})");
  EXPECT_EQ(verdict(older, newer), "breaking: a[].price may no longer be of type number");
}

TEST(SchemaDifference, WhatIsNotUnderstoodCountsAsNarrower) {
  EXPECT_EQ(verdict(property(R"({"anyOf":[{"type":"string"}]})"), property(R"({"anyOf":[{"type":"string"},{"type":"null"}]})")),
            "breaking: a changed in a way that is not compared (anyOf); take it as narrower");
  EXPECT_EQ(verdict("", R"({"type":"object"})"), "breaking: contexts are checked now, and were not");
  EXPECT_EQ(verdict(R"({"type":"object"})", ""), "safe: contexts are no longer checked");
}

}  // namespace
}  // namespace tasker::model
