#include "engine/handler_hint.h"

#include <gtest/gtest.h>

namespace tasker::engine {
namespace {

constexpr const char* kPlugins = R"({"plugins": [
  {"namespace": "payments", "name": "refund", "version": "1.0.0", "state": "active"},
  {"namespace": "payments", "name": "refund", "version": "1.1.0", "state": "active"},
  {"namespace": "shop", "name": "refund", "version": "2.0.0", "state": "active"},
  {"namespace": "shop", "name": "cart", "version": "1.0.0", "state": "refused", "code": "plugin.handler_missing",
   "reason": "no handler charge"}]})";

TEST(HandlerHint, NamesOtherNamespaces) {
  EXPECT_EQ(handler_hint(kPlugins, "default", "refund"), "; did you mean payments/refund or shop/refund?");
}

TEST(HandlerHint, TellsOfARefusal) {
  EXPECT_EQ(handler_hint(kPlugins, "shop", "cart"), "; plugin shop/cart 1.0.0 was refused: plugin.handler_missing: no handler charge");
}

TEST(HandlerHint, SaysNothingWhenThereIsNothingToSay) {
  EXPECT_EQ(handler_hint(kPlugins, "default", "cart"), "") << "refused elsewhere helps nobody";
  EXPECT_EQ(handler_hint(kPlugins, "shop", "refund"), "; did you mean payments/refund?");
  EXPECT_EQ(handler_hint(R"({"plugins": []})", "a", "b"), "");
  EXPECT_EQ(handler_hint("", "a", "b"), "");
  EXPECT_EQ(handler_hint(R"({"plugins": [{"namespace": "shop", "name": "cart", "state": "active"}]})", "shop", "cart"), "");
  for (const auto& [place, name] : {std::pair{"payments", "refnud"}, {"Payments", "Refund"}, {"payment", "refund1"}})
    EXPECT_EQ(handler_hint(kPlugins, place, name), "; did you mean payments/refund?") << place << name;
}

}  // namespace
}  // namespace tasker::engine
