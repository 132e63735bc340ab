// What a new version of a template changes for those who use the older one.
#include <gtest/gtest.h>

#include "model/template_difference.h"
#include "model/template_yaml.h"

namespace tasker::model {
namespace {

std::shared_ptr<const TaskTemplate> parsed(const std::string& yaml) {
  auto definition = parse_template(yaml, "test", "");
  EXPECT_TRUE(definition) << (definition ? "" : definition.error().message);
  return *definition;
}

constexpr char kBase[] = R"(
name: cart
namespace_name: shop
version: 1.0.0
step_templates:
  - name: total
    custom_events: [{name: cart.totalled}]
  - name: charge
    depends_on_step: total
)";

// kBase with another version and one text in place of another.
std::shared_ptr<const TaskTemplate> changed(const std::string& version, const std::string& was = "", const std::string& is = "") {
  std::string yaml = kBase;
  yaml.replace(yaml.find("1.0.0"), 5, version);
  if (!was.empty()) yaml.replace(yaml.find(was), was.size(), is);
  return parsed(yaml);
}

std::vector<std::string> told(const TaskTemplate& newer, Effect effect) {
  std::vector<std::string> sentences;
  for (const Change& change : template_changes(*parsed(kBase), newer))
    if (change.effect == effect) sentences.push_back(change.what);
  return sentences;
}

using Sentences = std::vector<std::string>;

TEST(TemplateDifference, StepsMayComeAndNotGo) {
  EXPECT_EQ(told(*changed("1.1.0", "  - name: charge", "  - name: audit\n  - name: charge"), Effect::breaking), Sentences{});
  EXPECT_EQ(told(*changed("1.1.0", "  - name: charge\n    depends_on_step: total", "  - name: pay\n    depends_on_step: total"), Effect::breaking),
            Sentences{"step charge is gone: whoever reads its result, or refers to its handler, misses it"});
}

TEST(TemplateDifference, EdgesAndLimitsAreToldAndBreakNobody) {
  const auto newer = changed("1.1.0", "    depends_on_step: total", "    default_retry_limit: 2");
  EXPECT_EQ(told(*newer, Effect::breaking), Sentences{});
  EXPECT_EQ(told(*newer, Effect::notable), (Sentences{"step charge no longer waits for total", "step charge has 2 attempts, and had 3"}));
}

TEST(TemplateDifference, EventsAndHandlersThatGoBreakThoseWhoWaitForThem) {
  EXPECT_EQ(told(*changed("1.1.0", "cart.totalled", "cart.summed"), Effect::breaking), Sentences{"step total no longer emits cart.totalled"});
  EXPECT_EQ(told(*changed("1.1.0", "  - name: charge", "  - name: charge\n    handler_class: pay"), Effect::breaking),
            Sentences{"step charge has the handler pay, and had charge"});
}

TEST(TemplateDifference, OverridesOfEnvironmentsAreTold) {
  const auto newer = changed("1.1.0", "step_templates:", "environments: {production: {step_templates: [{name: total, handler_config: {a: 1}}]}}\nstep_templates:");
  EXPECT_EQ(told(*newer, Effect::notable), Sentences{"what environments override has changed"});
}

TEST(TemplateDifference, TheVersionMustGoUp) {
  EXPECT_EQ(told(*changed("0.9.0"), Effect::breaking), Sentences{"0.9.0 is older than 1.0.0"});
  EXPECT_EQ(told(*changed("1.0.0", "  - name: charge", "  - name: audit\n  - name: charge"), Effect::breaking),
            Sentences{"both say version 1.0.0, and a version never changes"});
  EXPECT_EQ(template_changes(*parsed(kBase), *parsed(kBase)).size(), 0u);
}

TEST(TemplateDifference, TheNextMajorIsTheOneThatCaretRangesLeaveOut) {
  const auto next = [](const char* older, const char* newer) { return is_next_major(*Semver::parse(older), *Semver::parse(newer)); };
  EXPECT_TRUE(next("1.4.2", "2.0.0"));
  EXPECT_FALSE(next("1.4.2", "1.5.0"));
  EXPECT_TRUE(next("0.4.2", "0.5.0"));
  EXPECT_FALSE(next("0.4.2", "0.4.3"));
  EXPECT_TRUE(next("0.0.2", "0.0.3"));
  EXPECT_FALSE(next("2.0.0", "1.0.0"));
}

}  // namespace
}  // namespace tasker::model
