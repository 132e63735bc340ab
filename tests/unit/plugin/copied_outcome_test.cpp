#include "plugin/copied_outcome.h"

#include <gtest/gtest.h>

namespace tasker::plugin {
namespace {

int released = 0;
void count_release(void*) { ++released; }

tasker_outcome outcome_of(std::int32_t kind, std::string_view payload) {
  tasker_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  outcome.kind = kind;
  outcome.payload = text_of(payload);
  outcome.release = &count_release;
  return outcome;
}

engine::AttemptOutcome copied(const tasker_outcome& outcome, std::uint32_t stop = 0) {
  released = 0;
  auto result = copy_and_release(outcome, stop, {});
  EXPECT_EQ(released, 1) << "release is called once, whatever the outcome is";
  return result;
}

TEST(CopiedOutcome, PassesJsonThroughUntouched) {
  const auto result = copied(outcome_of(TASKER_OK, R"({"n": 12345678901234567890123, "a": 1e2})"));
  EXPECT_EQ(result.kind, model::OutcomeKind::ok);
  EXPECT_EQ(result.payload, R"({"n": 12345678901234567890123, "a": 1e2})");
  EXPECT_EQ(copied(outcome_of(TASKER_OK, "")).payload, "null");
}

TEST(CopiedOutcome, RefusesResultsThatCannotBeStored) {
  for (const std::string payload : {"{not json", "\"\xff\xfe\"", R"("\u0000")", "1e400000", "1 2"}) {
    const auto result = copied(outcome_of(TASKER_OK, payload));
    EXPECT_EQ(result.kind, model::OutcomeKind::fail);
    EXPECT_EQ(result.code, "plugin.bad_result") << payload;
  }
  EXPECT_EQ(copied(outcome_of(TASKER_OK, "\"" + std::string(256 * 1024, 'x') + "\"")).code, "plugin.bad_result");
  EXPECT_EQ(copied(outcome_of(TASKER_OK, "\"" + std::string(256 * 1024 - 2, 'x') + "\"")).code, "");
  tasker_outcome null_with_size = outcome_of(TASKER_OK, "");
  null_with_size.payload.size = 5;
  EXPECT_EQ(copied(null_with_size).code, "plugin.bad_result");
}

TEST(CopiedOutcome, RefusesOutcomesThatMeanNothing) {
  for (const int kind : {5, 6, 99, -1}) EXPECT_EQ(copied(outcome_of(kind, "1")).code, "plugin.bad_outcome") << kind;
  EXPECT_EQ(copied(outcome_of(TASKER_WAIT, "")).code, "plugin.bad_outcome") << "for how long?";
  EXPECT_EQ(copied(outcome_of(TASKER_CANCELLED, "")).code, "plugin.bad_outcome") << "nobody asked";
  EXPECT_EQ(copied(outcome_of(TASKER_CANCELLED, ""), engine::kStopCancelled).kind, model::OutcomeKind::cancelled);
}

TEST(CopiedOutcome, CarriesDelaysCodesAndMessages) {
  tasker_outcome retry = outcome_of(TASKER_RETRY, R"({"why": "busy"})");
  retry.code = text_of("gateway.busy");
  retry.message = text_of("the gateway \xff is busy");
  const auto result = copied(retry);
  EXPECT_EQ(result.kind, model::OutcomeKind::retry);
  EXPECT_EQ(result.code, "gateway.busy");
  EXPECT_EQ(result.message, "the gateway \xEF\xBF\xBD is busy");
  EXPECT_EQ(result.retry_after, engine::Millis(-1)) << "0 leaves it to the backoff";
  retry.retry_after_ms = 1500;
  EXPECT_EQ(copied(retry).retry_after, engine::Millis(1500));
  retry.retry_after_ms = ~std::uint64_t{0};
  EXPECT_GT(copied(retry).retry_after, engine::Millis(0));
}

TEST(CopiedOutcome, CutsLongTextAtACharacter) {
  const std::string text = std::string(9, 'a') + "\xC3\xA4\xC3\xA4";
  EXPECT_EQ(clean_text(text_of(text), 10), std::string(9, 'a') + "\xC3\xA4...");
  EXPECT_EQ(clean_text(text_of(std::string_view("a\0b", 3)), 10), "a\xEF\xBF\xBD""b");
}

}  // namespace
}  // namespace tasker::plugin
