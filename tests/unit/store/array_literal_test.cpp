#include "store/array_literal.h"

#include <gtest/gtest.h>

namespace tasker::store {
namespace {

TEST(ArrayLiteral, WritesNumbersWordsTextsAndNulls) {
  ArrayLiteral numbers;
  numbers.add(std::int64_t{-1});
  numbers.add(std::int64_t{9007199254740991});
  EXPECT_EQ(numbers.take(), "{-1,9007199254740991}");
  ArrayLiteral mixed;
  mixed.add_word("ok");
  mixed.add("a \"b\" \\ {,} NULL");
  mixed.add_null();
  mixed.add_or_null("");
  mixed.add("");
  EXPECT_EQ(mixed.take(), R"({ok,"a \"b\" \\ {,} NULL",NULL,NULL,""})");
  EXPECT_EQ(ArrayLiteral().take(), kEmptyArray);
}

TEST(ArrayLiteral, KeepsUtf8AndMendsWhatNoTextHolds) {
  ArrayLiteral literal;
  literal.add(std::string_view("ü€😀\xff\0x", 12));
  EXPECT_EQ(literal.take(), "{\"ü€😀\uFFFD\uFFFDx\"}");
}

TEST(ArrayLiteral, MakesJsonUnacceptableInsteadOfMendingIt) {
  ArrayLiteral literal;
  literal.add_json(std::string_view("\"a\0b\"", 5));
  EXPECT_EQ(literal.take(), "{\"\\\"a\x01" "b\\\"\"}");
}

TEST(ArrayLiteral, IsReadBack) {
  const std::vector<std::string> texts = {"", "a,b", "\"q\"", "\\", "NULL", "{}", "ü"};
  ArrayLiteral literal;
  for (const auto& text : texts) literal.add(text);
  EXPECT_EQ(read_text_array(literal.take()), texts);
  EXPECT_EQ(read_text_array("{NULL,a}"), (std::vector<std::string>{"", "a"}));
  EXPECT_TRUE(read_text_array("{}").empty());
  EXPECT_TRUE(read_text_array("").empty());
  EXPECT_EQ(read_integer_array("{1,-2,30}"), (std::vector<std::int64_t>{1, -2, 30}));
  EXPECT_TRUE(read_integer_array("{}").empty());
}

}  // namespace
}  // namespace tasker::store
