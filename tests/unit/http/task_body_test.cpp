#include "http/task_body.h"

#include "http/json_cursor.h"

namespace tasker::http {
namespace {

engine::TaskRequest one(std::string_view body) {
  auto parsed = parse_task(body);
  EXPECT_TRUE(parsed.has_value()) << body;
  if (!parsed || parsed->tasks.size() != 1) return {};
  for (const auto& problem : parsed->problems) ADD_FAILURE() << problem.pointer << ": " << problem.message;
  return parsed->tasks.front();
}

engine::Problem wrong(std::string_view body) {
  auto parsed = parse_task(body);
  EXPECT_TRUE(parsed.has_value()) << body;
  if (!parsed || parsed->problems.empty()) {
    ADD_FAILURE() << "nothing was refused in " << body;
    return {};
  }
  return parsed->problems.front();
}

TEST(TaskBody, TakesTheFlatFormOfTheReadme) {
  const auto task = one(
      R"({"name": "process_order", "namespace": "payments", "version": "2.1.0", "context": {"order_id": 123}})");
  EXPECT_EQ(task.name, "process_order");
  EXPECT_EQ(task.namespace_name, "payments");
  EXPECT_EQ(task.version, "2.1.0");
  EXPECT_EQ(task.context, R"({"order_id": 123})");
}

TEST(TaskBody, TakesTheNestedFormAndItsDefaults) {
  const auto task = one(R"({"task": {"name": "a"}})");
  EXPECT_EQ(task.name, "a");
  EXPECT_EQ(task.namespace_name, "default");
  EXPECT_EQ(task.version, "");
  EXPECT_EQ(task.context, "{}");
  EXPECT_EQ(task.tags, "[]");
  EXPECT_EQ(task.priority, 5);
}

TEST(TaskBody, TakesEveryField) {
  const auto task =
      one(R"({"name":"a","namespace_name":"n","initiator":"me","source_system":"shop","reason":"why\n",
      "tags":["x" , "\u00e9"],"priority":0,"start_at":"2030-01-31T09:30:00.5+02:00","bypass_steps":[],"version":null})");
  EXPECT_EQ(task.namespace_name, "n");
  EXPECT_EQ(task.initiator, "me");
  EXPECT_EQ(task.source_system, "shop");
  EXPECT_EQ(task.reason, "why\n");
  EXPECT_EQ(task.tags, R"(["x","\u00e9"])");
  EXPECT_EQ(task.priority, 0);
  EXPECT_EQ(task.start_at, "2030-01-31T09:30:00.5+02:00");
}

TEST(TaskBody, KeepsTheContextAsItWasWritten) {
  const std::string context =
      R"({ "n":12345678901234567890123, "f":1.10e+2,"s":"a\"}{\\","deep":[[{"x":"]"}]],"t":true ,"z":null})";
  EXPECT_EQ(one(R"({"context":)" + context + R"( , "name":"a"})").context, context);
}

TEST(TaskBody, ReadsAnEscapedKeyAsTheKeyItMeans) {
  EXPECT_EQ(one(R"({"n\u0061me":"a"})").name, "a");
}

TEST(TaskBody, RefusesDuplicateKeysHoweverTheyAreWritten) {
  EXPECT_EQ(wrong(R"({"name":"a","n\u0061me":"b"})").code, Code::request_duplicate_key);
  EXPECT_EQ(wrong(R"({"name":"a","context":{},"context":{}})").pointer, "/context");
}

TEST(TaskBody, RefusesWhatItDoesNotKnowByName) {
  const auto problem = wrong(R"({"name":"a","contxt/~":{}})");
  EXPECT_EQ(problem.code, Code::request_unknown_field);
  EXPECT_EQ(problem.pointer, "/contxt~1~0");
  EXPECT_EQ(wrong(R"({"name":"a","status":"complete"})").code, Code::request_unknown_field);
  EXPECT_EQ(wrong(R"({"task":{"name":"a"},"x":1})").pointer, "/x");
}

TEST(TaskBody, RefusesWhatComesLaterAsNotSupportedYet) {
  EXPECT_EQ(wrong(R"({"name":"a","deadline":"2030-01-01T00:00:00Z"})").code, Code::request_unsupported);
  EXPECT_EQ(wrong(R"({"name":"a","bypass_steps":["x"]})").code, Code::request_unsupported);
}

TEST(TaskBody, RefusesWrongTypesAndRanges) {
  EXPECT_EQ(wrong(R"({})").code, Code::request_missing);
  EXPECT_EQ(wrong(R"({"name":7})").pointer, "/name");
  EXPECT_EQ(wrong(R"({"name":"a","context":[1]})").pointer, "/context");
  EXPECT_EQ(wrong(R"({"name":"a","tags":["x",1]})").pointer, "/tags");
  EXPECT_EQ(wrong(R"({"name":"a","tags":[1,"x"]})").pointer, "/tags");
  for (const char* priority : {"10", "-1", "5.0", "\"5\"", "1e0", "[]"}) {
    EXPECT_EQ(wrong(std::string(R"({"name":"a","priority":)") + priority + "}").pointer, "/priority")
        << priority;
  }
  for (const char* time :
       {"2030-02-30T00:00:00Z", "2030-01-01", "2030-01-01T00:00:00", "tomorrow", "", "2030-01-01T24:00:00Z",
        "2030-01-01T00:00:00+16:00", "2030-01-01T00:00:00Zx", "2030-01-01T00:00:00.Z"}) {
    EXPECT_EQ(wrong(std::string(R"({"name":"a","start_at":")") + time + "\"}").pointer, "/start_at") << time;
  }
  EXPECT_EQ(wrong(R"({"name":"a","namespace":"x","namespace_name":"y"})").pointer, "/namespace_name");
  EXPECT_EQ(wrong(R"([])").pointer, "");
  EXPECT_EQ(wrong(R"({"name":"a","reason":")" + std::string(5000, 'x') + "\"}").code, Code::too_large);
}

TEST(TaskBody, NamesEverythingThatIsWrongAtOnce) {
  auto parsed = parse_task(R"({"x":1,"priority":99,"deadline":"now"})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->problems.size(), 4U);  // and the name is missing
}

TEST(TaskBody, RefusesEveryTruncation) {
  const std::string whole = R"({"name":"a\u00e9","context":{"x":[1,2.5e3,true,null,"s\\"]},"tags":["t"]})";
  ASSERT_TRUE(parse_task(whole).has_value());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    auto parsed = parse_task(std::string_view(whole).substr(0, length));
    ASSERT_FALSE(parsed.has_value()) << length;
    EXPECT_EQ(parsed.error().code, Code::invalid_json);
  }
}

TEST(TaskBody, RefusesBadJsonWithItsPlace) {
  auto parsed = parse_task("{\"name\":\n \"a\",}");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_NE(parsed.error().message.find("line 2"), std::string::npos) << parsed.error().message;
  for (const char* body : {R"({"name":"a"} x)", R"({"name":"a\u0000"})", R"({"name":"\ud800"})",
                           "{\"name\":\"\xff\"}", R"({"name":01})", R"({'name':"a"})", R"({"name":NaN})"}) {
    EXPECT_FALSE(parse_task(body).has_value()) << body;
  }
}

TEST(TaskBody, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return R"({"name":"a","context":{"x":)" + std::string(depth, '[') + std::string(depth, ']') + "}}";
  };
  EXPECT_TRUE(parse_task(nested(98)).has_value());
  EXPECT_FALSE(parse_task(nested(99)).has_value());
  EXPECT_FALSE(parse_task(nested(1'000'000)).has_value());
}

TEST(BulkBody, KeepsTheOrderAndNamesTheIndex) {
  auto parsed =
      parse_bulk(R"({"tasks":[{"name":"a"},{"task":{"name":"b","context":{"n":1e400}}},{"nme":"c"}, 4]})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->tasks[0].name, "a");
  EXPECT_EQ(parsed->tasks[1].name, "b");
  EXPECT_EQ(parsed->tasks[1].context, R"({"n":1e400})");
  ASSERT_EQ(parsed->problems.size(), 3U);
  EXPECT_EQ(parsed->problems[0].index, 2U);
  EXPECT_EQ(parsed->problems[0].pointer, "/nme");
  EXPECT_EQ(parsed->problems[2].index, 3U);
}

TEST(BulkBody, TakesOneToAThousand) {
  const auto bulk = [](int count) {
    std::string body = R"({"tasks":[)";
    for (int i = 0; i < count; ++i) body += std::string(i ? "," : "") + R"({"name":"a"})";
    return body + "]}";
  };
  EXPECT_EQ(parse_bulk(bulk(1000))->tasks.size(), 1000U);
  EXPECT_EQ(parse_bulk(bulk(1001)).error().code, Code::too_large);
  EXPECT_EQ(parse_bulk(bulk(0)).error().code, Code::invalid_argument);
}

TEST(BulkBody, RefusesAnotherShape) {
  for (const char* body : {"[]", "{}", "7", R"({"tasks":{}})", R"({"tasks":[{"name":"a"}],"x":1})",
                           R"({"tasks":[{"name":"a"}],"tasks":[{"name":"a"}]})"}) {
    auto parsed = parse_bulk(body);
    ASSERT_FALSE(parsed.has_value()) << body;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument) << body;
  }
}

TEST(JsonCursor, WalksNestedValuesAndSpace) {
  JsonCursor json(" { \"a\" : [ 1 , { } , [ ] , \"x\\\"]\" ] , \"b\" : { \"c\" : null } } ");
  std::string key;
  json.enter();
  ASSERT_TRUE(json.next_member(key));
  EXPECT_EQ(key, "a");
  json.enter();
  std::vector<std::string> elements;
  while (json.next_element()) elements.emplace_back(json.value());
  EXPECT_EQ(elements, (std::vector<std::string>{"1", "{ }", "[ ]", "\"x\\\"]\""}));
  ASSERT_TRUE(json.next_member(key));
  EXPECT_EQ(json.value(), "{ \"c\" : null }");
  EXPECT_FALSE(json.next_member(key));
}

}  // namespace
}  // namespace tasker::http
