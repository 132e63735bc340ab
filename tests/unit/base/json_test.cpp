#include "base/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/json_value.h"

namespace tasker {
namespace {

bool good(std::string_view text) {
  return check_json(text).has_value();
}

TEST(Json, AcceptsEveryKindOfValue) {
  EXPECT_EQ(
      check_json(" {\"a\": [1, -2.5e+3, \"x\\n\\u00e9\\ud83d\\ude00\", true, false, null, {}]} ").value(),
      JsonKind::object);
  EXPECT_EQ(check_json("[]").value(), JsonKind::array);
  EXPECT_EQ(check_json("\"\"").value(), JsonKind::string);
  EXPECT_EQ(check_json("-0").value(), JsonKind::number);
  EXPECT_EQ(check_json("true").value(), JsonKind::boolean);
  EXPECT_EQ(check_json("null").value(), JsonKind::null);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"",           " ",         "{",
                           "}",          "[",         "[1,]",
                           "[,1]",       "{\"a\"}",   "{\"a\":}",
                           "{\"a\":1,}", "{a:1}",     "{1:2}",
                           "01",         "-",         "+1",
                           ".5",         "1.",        "1e",
                           "1e+",        "tru",       "truex",
                           "nul",        "'a'",       "\"a",
                           "\"\\x\"",    "\"\\u12\"", "\"\\u12g4\"",
                           "\"a\tb\"",   "1 2",       "[1}",
                           "{\"a\":1]",  "[1 2]",     "\xEF\xBB\xBF{}",
                           "NaN",        "Infinity",  "//",
                           "[1]]"}) {
    EXPECT_FALSE(good(text)) << text;
  }
}

TEST(Json, RefusesWhatJsonbRefuses) {
  EXPECT_FALSE(good("\"\\u0000\""));
  EXPECT_FALSE(good("\"\\ud83d\""));
  EXPECT_FALSE(good("\"\\ud83dx\""));
  EXPECT_FALSE(good("\"\\ud83d\\u0041\""));
  EXPECT_FALSE(good("\"\\ude00\""));
  EXPECT_FALSE(good("1e400000"));
  EXPECT_FALSE(good("1e-400000"));
  EXPECT_FALSE(good("1e99999999999999999999"));
  EXPECT_TRUE(good("1e400"));
  // The borders of numeric, as PostgreSQL 15 draws them.
  for (const char* text : {"1e131071", "1e-16383", "12e-16383"}) EXPECT_TRUE(good(text)) << text;
  for (const char* text : {"1e131072", "10e131071", "1e-16384", "1.5e-16383", "0e-16384"}) EXPECT_FALSE(good(text)) << text;
  EXPECT_TRUE(good("12345678901234567890123"));
  EXPECT_FALSE(good("{\"\\u0000\":1}"));
}

TEST(Json, RefusesTextThatIsNotUtf8) {
  EXPECT_TRUE(good("\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""));
  for (const char* bytes : {"\xC3", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\xAF",
                            "\xF4\x90\x80\x80", "\xFF", "\xE2\x82"}) {
    EXPECT_FALSE(good("\"" + std::string(bytes) + "\"")) << bytes;
  }
  EXPECT_FALSE(good(std::string("\"a\0b\"", 5)));
}

TEST(Json, BoundsDepthWithoutTouchingTheStack) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(good(nested(100)));
  EXPECT_FALSE(good(nested(101)));
  EXPECT_FALSE(good(nested(1'000'000)));
  EXPECT_FALSE(good(std::string(1'000'000, '[')));
}

TEST(Json, BoundsSize) {
  const auto result = check_json("[1,2,3]", {.max_bytes = 6});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::too_large);
}

TEST(Json, SaysWhereTheFaultIs) {
  const auto result = check_json("{\n  \"a\": 1,\n  \"b\": x\n}");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::invalid_json);
  EXPECT_NE(result.error().message.find("line 3, column 8"), std::string::npos) << result.error().message;
}

TEST(Json, KnowsObjects) {
  EXPECT_TRUE(is_json_object(" {} "));
  EXPECT_FALSE(is_json_object("[]"));
  EXPECT_FALSE(is_json_object("{"));
}

TEST(Json, QuotesAnyBytesAsAValidString) {
  EXPECT_EQ(json_quote("a\"b\\c\n\t\x01/\x7F"), "\"a\\\"b\\\\c\\n\\t\\u0001/\x7F\"");
  EXPECT_EQ(json_quote("\xC3\xA9"), "\"\xC3\xA9\"");
  EXPECT_EQ(json_quote("\xFF"), "\"\xEF\xBF\xBD\"");
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_TRUE(good(json_quote(bytes)));
  }
}

// nlohmann is the judge. Left out: \\u0000, which jsonb refuses, and numbers beyond a double, which nlohmann
// refuses.
TEST(Json, AgreesWithAnotherParserOnMutatedTexts) {
  const std::string seed =
      "{\"a\":[1,-2.5,0,\"x\\n\\u00e9\\ud83d\\ude00\",true,false,null,{}],\"b\":{\"c\":\"\xC3\xA9\"}}";
  const std::string alphabet = "{}[]\",:0123456789eE+-.truefalsn\\u d\xC3\xA9";
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seed;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      if (random() % 2)
        text[at] = alphabet[random() % alphabet.size()];
      else
        text.erase(at, 1);
    }
    if (text.find("u0000") != std::string::npos) continue;
    EXPECT_EQ(good(text), nlohmann::json::accept(text)) << text;
  }
}

TEST(JsonValue, KeepsNumbersAsWritten) {
  const std::string text = "{\"n\": 12345678901234567890123, \"s\": \"a\\u0041\\ud83d\\ude00\", \"n\": 1.50}";
  const auto value = json::parse(text).value();
  EXPECT_EQ(value.members[0].value.text, "12345678901234567890123");
  EXPECT_EQ(value.find("s")->string, "aA\xF0\x9F\x98\x80");
  EXPECT_EQ(value.find("n")->text, "1.50") << "the last of a repeated name counts";
  EXPECT_EQ(value.text, text);
}

TEST(JsonValue, ComparesNumbersExactly) {
  const auto number = [](std::string_view text) { return json::Decimal::of(text); };
  EXPECT_EQ(compare(number("1.0"), number("1")), 0);
  EXPECT_EQ(compare(number("100"), number("1e2")), 0);
  EXPECT_EQ(compare(number("-0"), number("0.000")), 0);
  EXPECT_LT(compare(number("9007199254740992"), number("9007199254740993")), 0);
  EXPECT_GT(compare(number("-1e-5"), number("-1e5")), 0);
  EXPECT_LT(compare(number("-1"), number("0.5")), 0);
  EXPECT_TRUE(number("1e3").is_integer());
  EXPECT_TRUE(number("2.50e1").is_integer());
  EXPECT_FALSE(number("2.5").is_integer());
  EXPECT_TRUE(is_multiple(number("0.3"), number("0.1")));
  EXPECT_TRUE(is_multiple(number("12345678901234567890120"), number("10")));
  EXPECT_FALSE(is_multiple(number("7"), number("2")));
  EXPECT_FALSE(is_multiple(number("0.05"), number("0.1")));
}

// Strings are read several bytes at a time: what matters is seen wherever it stands among them.
TEST(CheckJsonStrings, SeeWhatMattersAtEveryPlace) {
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t after = 0; after < 20; ++after) {
      const auto text = [&](const std::string& middle) { return '"' + std::string(before, 'x') + middle + std::string(after, '~') + '"'; };
      for (const char* good : {"", " ", "\x7f", "\xc3\xa9", "\\\"", "\\u00e9", "\xf0\x9f\x98\x80"}) EXPECT_TRUE(check_json(text(good))) << text(good);
      for (const char* bad : {"\"", "\n", "\x1f", "\x01", "\x80", "\xff", "\xc3", "\\q", "\\u0000"}) EXPECT_FALSE(check_json(text(bad))) << text(bad);
      EXPECT_FALSE(check_json(text(std::string(1, '\0'))));
      EXPECT_FALSE(check_json(text("").substr(0, before + after + 1)));
    }
}

}  // namespace
}  // namespace tasker
