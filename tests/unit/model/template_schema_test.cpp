// config/template.schema.json, which editors use, and the reader that decides: the same keys, the same verdict on good and
// bad templates, and what the reader alone can see is listed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_schema.h"
#include "base/json_value.h"
#include "base/yaml_tree.h"
#include "model/handler_reference.h"
#include "model/template_keys.h"
#include "model/template_yaml.h"
#include "support/files.h"

namespace tasker::model {
namespace {

using testing::UnorderedElementsAreArray;

std::string schema_text() { return test::read_file(test::source_path("config/template.schema.json")); }

const JsonSchema& schema() {
  static const JsonSchema compiled = std::move(JsonSchema::compile(schema_text()).value());
  return compiled;
}

bool schema_accepts(const std::string& text) {
  const auto root = yaml::parse(text, "t.yaml", Code::template_invalid);
  return root && schema().validate(yaml::to_json(*root)).empty();
}

std::string reader_refusal(const std::string& text) {
  const auto result = parse_template(text, "t.yaml", "production");
  return result ? "" : result.error().message;
}

std::string with_key(const std::string& line) { return "name: t\nstep_templates:\n  - name: a\n  - name: b\n" + line + "\n"; }
std::string with_step_key(const std::string& line) { return with_key("    " + line); }

TEST(TemplateSchema, KnowsTheKeysOfTheReader) {
  const auto root = json::parse(schema_text()).value();
  const auto keys_at = [&](std::initializer_list<std::string_view> path) {
    const json::Value* at = &root;
    for (std::string_view key : path) at = at->find(key);
    std::vector<std::string> out;
    for (const auto& member : at->find("properties")->members) out.push_back(member.key);
    return out;
  };
  EXPECT_THAT(keys_at({}), UnorderedElementsAreArray(keys::kTemplate));
  EXPECT_THAT(keys_at({"definitions", "step"}), UnorderedElementsAreArray(keys::kStep));
  EXPECT_THAT(keys_at({"definitions", "retry"}), UnorderedElementsAreArray(keys::kRetry));
  EXPECT_THAT(keys_at({"definitions", "custom_event"}), UnorderedElementsAreArray(keys::kCustomEvent));
  EXPECT_THAT(keys_at({"properties", "environments", "additionalProperties"}), UnorderedElementsAreArray(keys::kEnvironment));
  EXPECT_THAT(keys_at({"definitions", "environment_step"}), UnorderedElementsAreArray(keys::kEnvironmentStep));
}

TEST(TemplateSchema, AcceptsEveryShippedTemplate) {
  int templates = 0;
  for (const char* folder : {"plugins", "sdk/examples", "tests/fixtures/plugins"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(test::source_path(folder))) {
      if (entry.path().extension() != ".yaml") continue;
      const std::string text = test::read_file(entry.path());
      if (text.find("step_templates") == std::string::npos) continue;
      ++templates;
      EXPECT_EQ(reader_refusal(text), "") << entry.path();
      EXPECT_TRUE(schema_accepts(text)) << entry.path();
    }
  }
  EXPECT_GE(templates, 18);
}

TEST(TemplateSchema, AcceptsWhatTheReaderAccepts) {
  const std::string good[] = {
      with_key("namespace_name: a_1"),
      with_key("version: 1.0.0-rc.1.x-y+build.007"),
      with_key("version: '10.20.30'"),
      with_key("description: ''\ntask_handler_class: A::B\nmodule_namespace: A\ndefault_dependent_system: the bank"),
      with_key("named_steps: [a, b, another one that is not there]"),
      with_key("schema: {type: object}\nconcurrent: true\nhandler_config: {}"),
      with_key("custom_events: [order.shipped, {name: tasks.done, description: D}]"),
      with_key("retry: {backoff: constant, base_seconds: 0.001, cap_seconds: 604800, multiplier: 1, jitter: 1}"),
      with_key("environments: {production: {step_templates: [{name: a, handler_config: {x: 1}}]}, test: {}}"),
      with_step_key("handler_class: Order::StepHandler::PayHandler"),
      with_step_key("handler_class: ':'"),
      with_step_key("handler_class: 'a::b:'"),
      with_step_key("depends_on_step: a"),
      with_step_key("depends_on_steps: [a, a]"),
      with_step_key("default_retryable: false\n    default_retry_limit: 10000\n    skippable: false"),
      with_step_key("custom_events: []\n    dependent_system: x\n    retry: {}\n    handler_config: {a: [1, null]}"),
  };
  for (const std::string& text : good) {
    EXPECT_EQ(reader_refusal(text), "") << text;
    EXPECT_TRUE(schema_accepts(text)) << text;
  }
}

TEST(TemplateSchema, RefusesWhatTheReaderRefuses) {
  const std::string bad[] = {
      "[]",
      "step_templates: [{name: a}]",
      "name: t",
      "name: t\nstep_templates: []",
      "name: t\nstep_templates: {a: 1}",
      "name: t\nstep_templates: [a]",
      "name: t\nstep_templates: [{description: x}]",
      "name: t\nstep_templates: [{name: 'a b'}]",
      "name: t\nstep_templates: [{name: 7}]",
      "name: Order\nstep_templates: [{name: a}]",
      "name: " + std::string(64, 'a') + "\nstep_templates: [{name: a}]",
      with_key("namespace_name: a-b"),
      with_key("version: 1.0"),
      with_key("version: v1.0.0"),
      with_key("version: 01.0.0"),
      with_key("version: 1.0.0-01"),
      with_key("version: 1.0.0-a..b"),
      with_key("version: 1.0.0+"),
      with_key("description:"),
      with_key("description: " + std::string(16385, 'x')),
      with_key("concurrent: 1"),
      with_key("concurrent: false"),
      with_key("schema: []"),
      with_key("handler_config: []"),
      with_key("named_steps: a"),
      with_key("named_steps: [1]"),
      with_key("custom_events: [shipped]"),
      with_key("custom_events: [task.done]"),
      with_key("custom_events: [{name: observability.x}]"),
      with_key("custom_events: [{description: nameless}]"),
      with_key("custom_events: ['a." + std::string(127, 'b') + "']"),
      with_key("environments: {production: {steps: []}}"),
      with_key("environments: {production: }"),
      with_key("environments: {production: {step_templates: [{name: a, retry: {}}]}}"),
      with_key("retry: {jitter: 2}"),
      with_key("retry: {backoff: linear}"),
      with_key("retry: {base_seconds: 0}"),
      with_key("retry: {limit: 3}"),
      with_key("step_template: []"),
      with_key("limits: {}"),
      with_step_key("depend_on_step: a"),
      with_step_key("timeouts: {attempt: 5}"),
      with_step_key("max_concurrency: 2"),
      with_step_key("default_retry_limit: 0"),
      with_step_key("default_retry_limit: 2.5"),
      with_step_key("default_retry_limit: '3'"),
      with_step_key("default_retryable: yes"),
      with_step_key("skippable: true"),
      with_step_key("depends_on_steps: a"),
      with_step_key("handler_class: ''"),
      with_step_key("handler_class: 'a b'"),
      with_step_key("handler_class: 'A::'"),
      with_step_key("handler_class: ':::'"),
      with_step_key("handler_class: " + std::string(257, 'a')),
  };
  for (const std::string& text : bad) {
    EXPECT_NE(reader_refusal(text), "") << text;
    EXPECT_FALSE(schema_accepts(text)) << text;
  }
}

// A schema looks at one value at a time and counts 2.0 among the integers; `tasker template check` sees these.
TEST(TemplateSchema, LeavesTheseToTheReader) {
  const std::string unseen[] = {
      "name: t\nstep_templates: [{name: a}, {name: a}]",
      "name: t\nstep_templates: [{name: a, depends_on_step: b}, {name: b, depends_on_step: a}]",
      with_step_key("depends_on_step: c"),
      with_key("named_steps: [a]"),
      with_key("schema: {type: strin}"),
      with_key("environments: {production: {step_templates: [{name: c}]}}"),
      with_step_key("default_retry_limit: 2.0"),
      with_key("version: 99999999999999999999.0.0"),
      with_step_key("handler_class: std/http@^99999999999999999999#request"),
  };
  for (const std::string& text : unseen) {
    EXPECT_NE(reader_refusal(text), "") << text;
    EXPECT_TRUE(schema_accepts(text)) << text;
  }
}

bool is_reference_to_schema(const std::string& handler_class) {
  return schema().validate(R"({"name":"t","step_templates":[{"name":"a","handler_class":)" + json_quote(handler_class) + "}]}").empty();
}

TEST(TemplateSchema, ReadsReferencesAsTheReaderDoes) {
  const std::string longest(63, 'n'), handler(256, 'h'), range(250, ' ');
  const std::string cases[] = {
      "std/http#request", "std/http@^1#request", "std/http@>=1 <2#request", "std/http@1.4.0#request", "std/http@1 || 2.x#a",
      "std/http@1.0.0+bound.1a2b#request", "std/http@^1#Request::Now", "std/http@^1#a\"b", "std/http@^1#a b", "std/http@^1#a/b",
      "std/http@^1#a#b", "std/http@^1#", "std/http@#request", "std/http@^1", "std/http", "http@^1#request", "/http@^1#request",
      "std/@^1#request", "Std/http@^1#request", "std/http/x@^1#request", "std/http@^1@2#request", "std/http@latest#request",
      "std/http@>=1.0.0-rc.1 <2||~3.1#request", "std/http@\t1\t#request", "std/http@>=1<2#r", "std/http@<*#r", "std/http@> x#r",
      "std/http@<=*#r", "std/http@==1#r", "#", "/", "@", "std/http@^1#r\u00e9q",
      longest + "/" + longest + "@" + range + ">=1.2#" + handler, longest + "n/a#r", "a/n" + longest + "#r", "a/b#h" + handler,
      "a/b@ " + range + ">=1.2.3#r"};
  int good = 0;
  for (const std::string& text : cases) {
    const bool is_good = parse_handler_reference(text).has_value();
    EXPECT_EQ(is_reference_to_schema(text), is_good) << text;
    good += is_good;
  }
  EXPECT_EQ(good, 13);
}

TEST(TemplateSchema, ReadsRangesAsTheReaderDoes) {
  const std::string parts[] = {"1", "0.2", "01", "1.2.3", "1.2.3-rc.1", "1.2.3-01", "1.2.3+7.b", "1.2.3.4", "1.", "1.x", "1.x.2", "*",
                               "x.X", "v1", "^", "~", "=", "<", ">=", ">", "||", "|", " ", "\t"};
  int good = 0, all = 0;
  const auto compare = [&](const std::string& range) {
    const std::string text = "a/b@" + range + "#c";
    const bool is_good = parse_handler_reference(text).has_value();
    EXPECT_EQ(is_reference_to_schema(text), is_good) << text;
    good += is_good;
    ++all;
  };
  for (const std::string& first : parts) {
    for (const std::string& second : parts) {
      compare(first + second);
      for (const std::string& third : parts) compare(first + second + third);
    }
  }
  EXPECT_GT(good, all / 20);
  EXPECT_LT(good, all / 2);
}

}  // namespace
}  // namespace tasker::model
