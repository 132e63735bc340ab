// std/json as built, and with it the notation that all stock plugins share.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins_shipped/plugin_file.h"

namespace tasker::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class StdJson : public testing::Test {
 protected:
  Answer reshape(const json& config) const {
    Attempt attempt{"reshape"};
    attempt.task_id = "77";
    attempt.context = {{"order", {{"id", 12}, {"lines", {"a", "b/c"}}, {"paid", true}, {"note", nullptr}}},
                       {"who", "Zoë {/context/order/id}"}, {"odd/name~", 1}};
    attempt.inputs = {{"fetch", {{"body", {{"total", 19.5}}}}}};
    attempt.config = config;
    attempt.correlation_id = "c-1";
    return plugin_.run(attempt);
  }
  json result(const json& written) const {
    const Answer answer = reshape({{"result", written}});
    EXPECT_EQ(answer.kind, TASKER_OK) << answer.code << " " << answer.message;
    return answer.payload;
  }
  PluginFile plugin_{"std/json-1.0.0", json::object()};
};

TEST_F(StdJson, FillsTextsAndWholeValuesIn) {
  EXPECT_EQ(result("order {/context/order/id}, {/context/order/paid}: {/inputs/fetch/body/total}"), "order 12, true: 19.5");
  EXPECT_EQ(result({{"$from", "/context/order/lines"}}), json({"a", "b/c"}));
  EXPECT_EQ(result({{"a", {1, {{"b", "{/context/order/lines/1}"}}}}, {"c", 2.5}}), json({{"a", {1, {{"b", "b/c"}}}}, {"c", 2.5}}));
  EXPECT_EQ(result("{/context/odd~1name~0}"), "1");
  EXPECT_EQ(result("{/task/id} {/task/correlation_id} {/step/name} {/step/idempotency_key}"), "77 c-1 reshape 77/reshape");
}

TEST_F(StdJson, WhatWasFilledInIsNeverReadAgain) {
  EXPECT_EQ(result("{/context/who}"), "Zoë {/context/order/id}");
  EXPECT_EQ(result({{"$from", "/context/who"}}), "Zoë {/context/order/id}");
}

TEST_F(StdJson, ADefaultStandsInForWhatIsNotThere) {
  EXPECT_EQ(result({{"$from", "/context/missing"}, {"default", {1, 2}}}), json({1, 2}));
  EXPECT_EQ(result({{"$from", "/context/missing"}, {"default", nullptr}}), nullptr);
  EXPECT_EQ(result({{"$from", "/context/order/note"}, {"default", 5}}), nullptr) << "null is there";
}

TEST_F(StdJson, BracesAndLiteralsStayAsTheyAre) {
  EXPECT_EQ(result("{\"a\": 1} ${HOME} {{/x} {"), "{\"a\": 1} ${HOME} {/x} {");
  EXPECT_EQ(result({{"$literal", {{"$from", "x"}}}}), json({{"$from", "x"}}));
}

TEST_F(StdJson, APointerThatFindsNothingIsNamed) {
  const auto fails = [&](const json& written, const char* code, const char* words) {
    const Answer answer = reshape({{"result", written}});
    EXPECT_EQ(answer.kind, TASKER_FAIL);
    EXPECT_EQ(answer.code, code) << written;
    EXPECT_THAT(answer.message, HasSubstr(words));
  };
  fails({{"a", {"{/context/order/nr}"}}}, "template.not_found",
        "/result/a/0: there is nothing at /context/order/nr: /context/order has no member \"nr\"");
  fails({{"$from", "/inputs/fetched"}}, "template.not_found", "/inputs has no member \"fetched\"");
  fails({{"$from", "/context/order/lines/2"}}, "template.not_found", "is an array of 2 without an element \"2\"");
  fails({{"$from", "/context/order/lines/01"}}, "template.not_found", "without an element");
  fails({{"$from", "/context/order/id/x"}}, "template.not_found", "/context/order/id is a number");
  fails({{"$from", "/other"}}, "template.not_found", "begins with /context, /inputs, /task or /step");
  fails("{/context/order}", "template.not_text", "is an object");
  fails("{/context/order/note}", "template.not_text", "is null");
  fails("{/context/order", "template.invalid", "no } at its end");
  fails({{"$from", "context"}}, "template.invalid", "begins with /");
  fails({{"$from", "/context/a~2"}}, "template.invalid", "~0");
  fails({{"$from", "/context"}, {"otherwise", 1}}, "template.invalid", "nothing else");
  fails({{"$from", 1}}, "template.invalid", "a JSON pointer");
  fails({{"$literal", 1}, {"b", 2}}, "template.invalid", "alone");
}

TEST_F(StdJson, PicksValuesOfADocument) {
  const Answer picked = reshape({{"document", {{"$from", "/context/order"}}}, {"pointers", {{"n", "/id"}, {"last", "/lines/1"}, {"all", ""}}}});
  EXPECT_EQ(picked.payload["n"], 12);
  EXPECT_EQ(picked.payload["last"], "b/c");
  EXPECT_EQ(picked.payload["all"]["paid"], true);
  const Answer missing = reshape({{"document", {{"a", 1}}}, {"pointers", {{"n", "/b"}}}});
  EXPECT_EQ(missing.code, "template.not_found");
  EXPECT_THAT(missing.message, HasSubstr("pointers/n: there is nothing at /b: the document has no member \"b\""));
}

TEST_F(StdJson, OptionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(reshape(json::object()).code, "config.invalid");
  EXPECT_EQ(reshape({{"result", 1}, {"pointers", json::object()}}).code, "config.invalid");
  EXPECT_THAT(reshape({{"resutl", 1}}).message, HasSubstr("has no option \"resutl\"; there are: result, document, pointers"));
  EXPECT_EQ(reshape({{"document", 1}, {"pointers", {{"a", 1}}}}).code, "config.invalid");
}

}  // namespace
}  // namespace tasker::test
