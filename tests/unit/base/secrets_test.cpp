#include "base/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tasker {
namespace {

TEST(Secrets, AreMaskedByTheirPlace) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"postgresql://app:hunter2x@db/orders?sslmode=require", "postgresql://app:***@db/orders?sslmode=require"},
      {"cannot connect to postgresql://a:p@ss@h:5432/d: refused", "cannot connect to postgresql://a:***@h:5432/d: refused"},
      {"host=db password=hunter2x dbname=orders", "host=db password=*** dbname=orders"},
      {"host=db password = 'hun\\'ter 2' dbname=x", "host=db password = '***' dbname=x"},
      {"postgresql:///d?user=a&password=hunter2x&host=h", "postgresql:///d?user=a&password=***&host=h"},
      {R"({"api_key":"abc","n":1,"clientSecret": "q\"r", "pin_token":12})", R"({"api_key":"***","n":1,"clientSecret": "***", "pin_token":"***"})"},
      {R"({"secret":{"a":1,"password":"x"},"token":null})", R"({"secret":{"a":1,"password":"***"},"token":"***"})"},
      {"X-Api-Key=abcdef; rest", "X-Api-Key=***; rest"},
      // Nothing to hide.
      {"http://127.0.0.1:8765/tasker", "http://127.0.0.1:8765/tasker"},
      {"postgresql://app@db/orders", "postgresql://app@db/orders"},
      {"tokens=3 tokenizer=x secretary=y", "tokens=3 tokenizer=x secretary=y"},
      {"password=", "password="},
      {"at 12:30:00 mail a@b.c", "at 12:30:00 mail a@b.c"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(masked(text), expected);
}

TEST(Secrets, SurviveTextThatIsCutAnywhere) {
  const std::string_view text = R"(postgresql://a:b%20c@h/d?password='x\'y' {"token": "a\"b"} secret = )";
  for (std::size_t length = 0; length <= text.size(); ++length) EXPECT_LE(masked(text.substr(0, length)).size(), text.size() + 12);
}

TEST(Secrets, AreFoundAsWrittenAndAsMeant) {
  EXPECT_THAT(secrets_in("postgresql://a:p%40ss%2Fword@h/d"), testing::ElementsAre("p%40ss%2Fword", "p@ss/word"));
  EXPECT_THAT(secrets_in("host=h dbname=d"), testing::IsEmpty());
}

TEST(Secrets, OnceHiddenAreMaskedAnywhere) {
  EXPECT_EQ(masked("the word is xyzzy-plugh"), "the word is xyzzy-plugh");
  hide("xyzzy");
  hide("xyzzy-plugh");
  hide("is");  // too short
  EXPECT_EQ(masked("the word is xyzzy-plugh, xyzzy"), "the word is ***, ***");
}

}  // namespace
}  // namespace tasker
