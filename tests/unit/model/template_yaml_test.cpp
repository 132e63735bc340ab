#include "model/template_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/json_schema.h"
#include "support/files.h"

namespace tasker::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Template = std::shared_ptr<const TaskTemplate>;

Template parsed(std::string_view text, std::string_view environment = "development") {
  auto result = parse_template(text, "t.yaml", environment);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? *result : std::make_shared<TaskTemplate>();
}

Error refused(std::string_view text) {
  const auto result = parse_template(text, "t.yaml", "development");
  EXPECT_FALSE(result) << text;
  return result ? Error{} : result.error();
}

// The shortest template, with more keys of the template or of its step.
std::string with_key(std::string_view line) {
  return std::string("name: t\nstep_templates:\n  - name: a\n").append(line).append("\n");
}
std::string with_step_key(std::string_view line) {
  return std::string("name: t\nstep_templates:\n  - name: a\n    ").append(line).append("\n");
}

// As the predecessor's README prints it.
constexpr std::string_view kOrderProcess = R"(---
name: order_process
namespace_name: default
version: 1.0.0
task_handler_class: OrderProcess
concurrent: true

step_templates:
  - name: validate_order
    description: Validate order details
    handler_class: OrderProcess::StepHandler::ValidateOrderHandler

  - name: process_payment
    description: Process payment for the order
    depends_on_step: validate_order
    handler_class: OrderProcess::StepHandler::ProcessPaymentHandler
    default_retryable: true
    default_retry_limit: 3

  - name: send_confirmation
    description: Send confirmation email
    depends_on_step: process_payment
    handler_class: OrderProcess::StepHandler::SendConfirmationHandler
)";

TEST(TemplateYaml, LoadsTheTemplateOfThePredecessorsReadme) {
  const Template t = parsed(kOrderProcess);
  EXPECT_EQ(t->name, "order_process");
  EXPECT_EQ(t->namespace_name, "default");
  EXPECT_EQ(t->version.text(), "1.0.0");
  EXPECT_EQ(t->task_handler_class, "OrderProcess");
  ASSERT_EQ(t->steps.size(), 3u);
  EXPECT_EQ(t->step(1).name, "validate_order");
  EXPECT_EQ(t->step(1).handler, "validate_order");
  EXPECT_EQ(t->step(1).handler_class, "OrderProcess::StepHandler::ValidateOrderHandler");
  EXPECT_EQ(t->step(1).description, "Validate order details");
  EXPECT_THAT(t->step(1).children, ElementsAre(2));
  EXPECT_THAT(t->step(2).parents, ElementsAre(1));
  EXPECT_TRUE(t->step(2).retryable);
  EXPECT_EQ(t->step(2).retry_limit, 3);
  EXPECT_EQ(t->step(3).handler, "send_confirmation");
  EXPECT_EQ(t->find_step("process_payment"), &t->step(2));
  EXPECT_EQ(t->find_step("none"), nullptr);
}

constexpr std::string_view kEveryKey = R"(
name: order_process
namespace_name: payments
version: 2.1.0-rc.1
description: All keys at once
task_handler_class: OrderProcess
module_namespace: Payments
default_dependent_system: warehouse
named_steps: [fetch, left, right, join]
concurrent: true
schema:
  type: object
  required: [order_id]
  properties:
    order_id: {type: integer, minimum: 12345678901234567890123}
handler_config: {url: 'http://default', limits: {a: 1, b: 2}}
custom_events:
  - order.seen
retry: {backoff: exponential, base_seconds: 0.5, cap_seconds: 60, multiplier: 3, jitter: 0}
environments:
  production:
    step_templates:
      - name: left
        handler_config: {url: 'https://live', limits: {b: 20}}
step_templates:
  - name: join
    depends_on_step: left
    depends_on_steps: [right, left]
  - name: fetch
    handler_class: Fetch::HTTPGetHandler
    dependent_system: shop
    default_retryable: false
    default_retry_limit: 5
    skippable: false
    custom_events:
      - {name: order.fetched, description: The order is here}
    retry: {jitter: 0.5}
  - name: left
    depends_on_steps: [fetch]
    handler_config: {limits: {b: 3}, big: 12345678901234567890123, quoted: '1'}
  - name: right
    depends_on_step: fetch
    default_retry_limit: 7
)";

TEST(TemplateYaml, GivesEveryKeyItsEffect) {
  const Template t = parsed(kEveryKey);
  EXPECT_EQ(t->namespace_name, "payments");
  EXPECT_EQ(t->version.text(), "2.1.0-rc.1");
  EXPECT_EQ(t->description, "All keys at once");
  EXPECT_EQ(t->module_namespace, "Payments");
  EXPECT_EQ(t->default_dependent_system, "warehouse");
  EXPECT_EQ(
      t->context_schema,
      R"({"type":"object","required":["order_id"],"properties":{"order_id":{"type":"integer","minimum":12345678901234567890123}}})");
  ASSERT_EQ(t->steps.size(), 4u);
  const StepTemplate& fetch = t->step(1);
  const StepTemplate& left = t->step(2);
  const StepTemplate& right = t->step(3);
  const StepTemplate& join = t->step(4);
  EXPECT_EQ(fetch.name, "fetch");
  EXPECT_EQ(fetch.handler, "http_get");
  EXPECT_EQ(fetch.dependent_system, "shop");
  EXPECT_EQ(left.dependent_system, "warehouse");
  EXPECT_FALSE(fetch.retryable);
  EXPECT_EQ(fetch.retry_limit, 1) << "not retryable: one attempt";
  EXPECT_EQ(right.retry_limit, 7);
  EXPECT_EQ(left.retry_limit, 3);
  const RetryPolicy shared{Backoff::exponential, Millis(500), Millis(60'000), 3, 0};
  EXPECT_EQ(left.retry, shared);
  EXPECT_EQ(fetch.retry, (RetryPolicy{Backoff::exponential, Millis(500), Millis(60'000), 3, 0.5}));
  EXPECT_THAT(join.parents, ElementsAre(2, 3));
  EXPECT_THAT(fetch.children, ElementsAre(2, 3));
  EXPECT_EQ(left.handler_config,
            R"({"url":"http://default","limits":{"a":1,"b":3},"big":12345678901234567890123,"quoted":"1"})");
  EXPECT_EQ(join.handler_config, R"({"url":"http://default","limits":{"a":1,"b":2}})");
  ASSERT_EQ(fetch.custom_events.size(), 2u);
  EXPECT_EQ(fetch.custom_events[0].name, "order.seen");
  EXPECT_EQ(fetch.custom_events[1].description, "The order is here");
}

TEST(TemplateYaml, MergesTheEnvironmentThatIsNamedOnly) {
  EXPECT_EQ(parsed(kEveryKey, "production")->step(2).handler_config,
            R"({"url":"https://live","limits":{"a":1,"b":20},"big":12345678901234567890123,"quoted":"1"})");
  EXPECT_EQ(parsed(kEveryKey, "production")->step(3).handler_config,
            parsed(kEveryKey, "test")->step(3).handler_config);
}

TEST(TemplateYaml, FillsInDefaults) {
  const Template t = parsed("name: t\nstep_templates: [{name: Only.Step-1}]");
  EXPECT_EQ(t->namespace_name, "default");
  EXPECT_EQ(t->version.text(), "0.1.0");
  EXPECT_EQ(t->step(1).handler, "Only.Step-1");
  EXPECT_EQ(t->step(1).handler_config, "{}");
  EXPECT_EQ(t->step(1).retry, RetryPolicy{});
  EXPECT_TRUE(t->step(1).retryable);
  EXPECT_EQ(t->context_schema, "");
}

TEST(TemplateYaml, ItsDefinitionReadsAsTheSameTemplate) {
  const Template t = parsed(kEveryKey);
  EXPECT_TRUE(is_json_object(t->definition));
  EXPECT_EQ(t->digest.size(), 64u);
  const Template again = parsed(t->definition);
  EXPECT_EQ(again->definition, t->definition);
  EXPECT_EQ(again->digest, t->digest);
  EXPECT_EQ(again->step(2).handler_config, t->step(2).handler_config);
  EXPECT_EQ(parsed(kEveryKey, "production")->digest, t->digest)
      << "hosts of two environments share one definition";
  EXPECT_NE(parsed(kOrderProcess)->digest, t->digest);
}

TEST(TemplateYaml, NamesPlaceKeyAndNearestOfAnUnknownKey) {
  const Error step = refused("name: t\nstep_templates:\n  - name: a\n    depend_on_step: b\n");
  EXPECT_EQ(step.code, Code::template_unknown_key);
  EXPECT_EQ(step.message,
            "t.yaml:4:5: step_templates[0].depend_on_step: unknown key; did you mean depends_on_step?");
  EXPECT_THAT(refused(with_key("colour: red")).message, HasSubstr("known here: name, namespace_name"));
  EXPECT_EQ(refused(with_key("retry: {base: 1}")).code, Code::template_unknown_key);
  EXPECT_EQ(refused(with_key("environments: {x: {steps: []}}")).code, Code::template_unknown_key);
}

TEST(TemplateYaml, RefusesKeysWithoutAnEffectYet) {
  for (const char* line : {"concurrent: false", "limits: {a: 1}"})
    EXPECT_EQ(refused(with_key(line)).code, Code::template_unsupported) << line;
  for (const char* line :
       {"skippable: true", "timeouts: {attempt: 1}", "max_concurrency: 1", "result_schema: {}",
        "on_parent_failure: skip"}) {
    EXPECT_EQ(refused(with_step_key(line)).code, Code::template_unsupported) << line;
  }
  EXPECT_THAT(refused(with_step_key("timeouts: {}")).message,
              StartsWith("t.yaml:4:5: step_templates[0].timeouts: "));
}

TEST(TemplateYaml, TakesAHandlerOfAnotherPlugin) {
  const auto parsed = parse_template("name: t\nstep_templates:\n  - name: a\n    handler_class: \"std/http@>=1 <2#request\"\n  - name: b\n"
                                     "    handler_class: std/http#request\n  - name: c\n", "t.yaml", "");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto& steps = (*parsed)->steps;
  ASSERT_TRUE(steps[0].reference);
  EXPECT_EQ(steps[0].reference->plugin(), "std/http");
  EXPECT_EQ(steps[0].reference->range, ">=1 <2");
  EXPECT_EQ(steps[0].reference->handler, "request");
  EXPECT_EQ(steps[0].handler, "std/http@>=1 <2#request");
  EXPECT_EQ(steps[1].reference->range, "") << "the default";
  EXPECT_FALSE(steps[2].reference);
  EXPECT_EQ((*parsed)->first_reference(), &steps[0]);
}

TEST(TemplateYaml, SaysWhatIsWrongAndWhere) {
  struct {
    std::string text;
    const char* message;
  } const cases[] = {
      {"", "t.yaml:1:1: must be a mapping with keys, but is null"},
      {"[]", "must be a mapping with keys, but is a list"},
      {"step_templates: [{name: a}]", "t.yaml:1:1: name: is required, but missing"},
      {"name: t", "step_templates: is required, but missing"},
      {"name: t\nstep_templates: []", "at least one step"},
      {"name: t\nstep_templates: {a: 1}", "step_templates: must be a list, but is a mapping"},
      {"name: t\nstep_templates: [a]", "step_templates[0]: must be a mapping"},
      {"name: t\nstep_templates: [{description: x}]", "step_templates[0].name: is required"},
      {"name: Order\nstep_templates: [{name: a}]", "t.yaml:1:7: name: must begin with a small letter"},
      {with_key("namespace_name: a-b"), "namespace_name: must begin"},
      {with_key("version: 1.0"), "version: must be a text, but is a number; quote it"},
      {with_key("version: v1.0.0"), "version: must be a semantic version of three numbers"},
      {with_key("description:"), "description: is empty"},
      {with_key("concurrent: 1"), "concurrent: must be true or false, but is an integer"},
      {with_key("schema: {type: strin}"), "schema: JSON Schema at \"/type\": unknown type"},
      {with_key("schema: []"), "schema: must be a mapping"},
      {with_key("handler_config: []"), "handler_config: must be a mapping"},
      {with_key("named_steps: [b]"), "step_templates[0].name: \"a\" is not in named_steps"},
      {with_key("named_steps: [1]"), "named_steps: must be a list of texts"},
      {with_key("custom_events: [shipped]"), "custom_events[0]: the event name \"shipped\" needs a dot"},
      {with_key("custom_events: [{name: task.done}]"), "events"},
      {with_key("environments: {production: {step_templates: [{name: b}]}}"),
       "environments.production.step_templates[0].name: \"b\" is not a step of this template"},
      {with_key("retry: {jitter: 2}"), "retry.jitter: must be a number from 0 to 1"},
      {with_key("retry: {backoff: linear}"), "retry.backoff: must be table, exponential or constant"},
      {with_step_key("default_retry_limit: 0"),
       "step_templates[0].default_retry_limit: must be an integer from 1 to 10000"},
      {with_step_key("default_retry_limit: 2.0"), "must be an integer"},
      {with_step_key("default_retryable: yes"), "default_retryable: must be true or false"},
      {with_step_key("depends_on_step: b"), "t.yaml:4:22: step_templates[0]: step \"a\" depends on \"b\""},
      {with_step_key("depends_on_step: a"), "depends on itself"},
      {with_step_key("depends_on_steps: a"), "depends_on_steps: must be a list"},
      {with_step_key("handler_class: 'a b'"), "handler_class: must name a handler"},
      {"name: t\nstep_templates: [{name: a}, {name: a}]", "another step is named \"a\" already"},
      {"name: t\nstep_templates: [{name: 'a b'}]", "step_templates[0].name: must have 1 to 128"},
      {"name: t\nname: u\nstep_templates: [{name: a}]", "t.yaml:2:1: the key \"name\" is here twice"},
      {"name: t\nstep_templates: [{name: a}]\n---\nname: u\n", "second document"},
  };
  for (const auto& c : cases) {
    const Error error = refused(c.text);
    EXPECT_EQ(error.code, Code::template_invalid) << c.text;
    EXPECT_THAT(error.message, HasSubstr(c.message)) << c.text;
    EXPECT_THAT(error.message, StartsWith("t.yaml:")) << c.text;
  }
}

TEST(TemplateYaml, SuggestsTheStepThatWasMeant) {
  const Error error = refused(
      "name: t\nstep_templates:\n  - name: validate_order\n  - name: pay\n    depends_on_step: "
      "validate_ordr\n");
  EXPECT_THAT(error.message, HasSubstr("t.yaml:5:22:"));
  EXPECT_THAT(error.message, HasSubstr("did you mean validate_order?"));
}

TEST(TemplateYaml, NamesTheCycle) {
  const Error error = refused(
      "name: t\nstep_templates:\n  - {name: a, depends_on_step: b}\n  - {name: b, depends_on_step: a}\n");
  EXPECT_EQ(error.code, Code::template_cycle);
  EXPECT_THAT(error.message, HasSubstr("a -> b -> a"));
}

TEST(TemplateYaml, RefusesTooManySteps) {
  std::string text = "name: t\nstep_templates:\n";
  for (int i = 0; i <= kMaxStepsPerTask; ++i) text += "- name: s" + std::to_string(i) + "\n";
  EXPECT_THAT(refused(text).message, HasSubstr("at most 16383"));
}

TEST(HandlerName, IsTheLastPartInSnakeCaseWithoutItsSuffix) {
  EXPECT_EQ(handler_name("OrderProcess::StepHandler::ValidateOrderHandler"), "validate_order");
  EXPECT_EQ(handler_name("ValidateOrder"), "validate_order");
  EXPECT_EQ(handler_name("HTTPGetHandler"), "http_get");
  EXPECT_EQ(handler_name("Step2Handler"), "step2");
  EXPECT_EQ(handler_name("Step2Run"), "step2_run");
  EXPECT_EQ(handler_name("validate_order"), "validate_order");
  EXPECT_EQ(handler_name("A::Handler"), "handler");
  EXPECT_EQ(handler_name("A::"), "");
}

// What else the published schema says of a template: template_schema_test.cpp.
TEST(TemplateYaml, IsAcceptedByThePublishedSchemaToo) {
  const auto schema = std::move(
      JsonSchema::compile(test::read_file(test::source_path("config/template.schema.json"))).value());
  for (std::string_view text : {kOrderProcess, kEveryKey}) {
    const auto problems = schema.validate(parsed(text)->definition);
    EXPECT_THAT(problems, IsEmpty()) << problems[0].pointer << ": " << problems[0].message;
  }
}

}  // namespace
}  // namespace tasker::model
