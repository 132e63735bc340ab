// The HTTP interface of a running host: what the predecessor's README shows with curl, and what is refused.
#include <gmock/gmock.h>

#include <fstream>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

// One host for all: what is created by one test is told apart by its id.
class Api : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    place_->drop("default/order_process-1.0.0.so");
    place_->drop("default/order_process-1.1.0.so");
    place_->drop("test/echo-1.0.0.so");
    place_->drop("test/blocker-1.0.0.so");
    place_->drop("test/origin-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    ASSERT_TRUE(eventually([] {
      return http().has_loaded("order_process", "1.0.0", "default") &&
             http().has_loaded("order_process", "1.1.0", "default") && http().has_loaded("echo") &&
             http().has_loaded("blocker") && http().has_loaded("origin");
    }));
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  static const HttpClient& http() { return host_->http(); }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

const Json kSteps{"validate_order", "process_payment", "send_confirmation"};

TEST_F(Api, ListsNamespacesWithTheirHandlers) {
  const auto answer = http().get("/tasker/handlers");
  EXPECT_EQ(answer.status, 200);
  const auto body = answer.json();
  EXPECT_EQ(body.at("total_namespaces"), 2);
  EXPECT_EQ(body.at("namespaces")[0].at("name"), "default");
  EXPECT_EQ(body.at("namespaces")[0].at("handler_count"), 1);
}

TEST_F(Api, ListsTheHandlersOfANamespace) {
  const auto body = http().get("/tasker/handlers/default").json();
  ASSERT_EQ(body.at("handlers").size(), 1u) << body.dump(1);
  EXPECT_EQ(body.at("handlers")[0].at("name"), "order_process");
  EXPECT_EQ(body.at("handlers")[0].at("versions"), (Json{"1.0.0", "1.1.0"}));
  EXPECT_EQ(body.at("handlers")[0].at("latest_version"), "1.1.0");
}

TEST_F(Api, ShowsAHandlerWithItsDependencyGraph) {
  const auto body = http().get("/tasker/handlers/default/order_process?version=1.0.0").json();
  EXPECT_EQ(body.at("id"), "order_process");
  EXPECT_EQ(body.at("namespace"), "default");
  EXPECT_EQ(body.at("version"), "1.0.0");
  EXPECT_EQ(body.at("step_templates").size(), 3u);
  const auto& graph = body.at("dependency_graph");
  EXPECT_EQ(graph.at("nodes"), kSteps);
  EXPECT_EQ(graph.at("execution_order"), kSteps);
  EXPECT_EQ(graph.at("edges"), (Json{{{"from", "validate_order"}, {"to", "process_payment"}},
                                     {{"from", "process_payment"}, {"to", "send_confirmation"}}}));
}

TEST_F(Api, MeansTheNewestStableVersionWhenNoneIsNamed) {
  EXPECT_EQ(http().get("/tasker/handlers/default/order_process").json().value("version", ""), "1.1.0");
  EXPECT_EQ(http().task(http().submit({{"name", "order_process"}, {"context", {{"order_id", 123}}}})).at("version"), "1.1.0");
  EXPECT_EQ(http().get("/tasker/handlers/default/order_process?version=~1.0.0").json().value("version", ""), "1.0.0");
}

TEST_F(Api, CreatesATaskFromAFlatBody) {
  const auto answer = http().post(
      "/tasker/tasks", R"({"name":"order_process","namespace":"default","version":"1.0.0","context":{"order_id":1001}})");
  ASSERT_EQ(answer.status, 201) << answer.text;
  const auto id = answer.json().at("task_id").get<std::int64_t>();
  EXPECT_THAT(answer.head, HasSubstr("Location: /tasker/tasks/" + std::to_string(id)));
  const auto task = http().ended(id);
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_EQ(task.at("status"), "complete");
  EXPECT_EQ(task.at("version"), "1.0.0");
  EXPECT_EQ(task.at("context"), (Json{{"order_id", 1001}}));
  EXPECT_TRUE(std::filesystem::exists(place_->path("outbox")));
}

TEST_F(Api, CreatesATaskFromTheNestedForm) {
  const auto answer = http().post("/tasker/tasks", R"({"task":{"name":"echo","namespace":"test","context":{"n":1}}})");
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(http().ended(answer.json().at("task_id")).at("detail"), "complete");
}

TEST_F(Api, ListsTasksByNamespaceAndVersion) {
  const auto old = http().submit({{"name", "order_process"}, {"version", "1.0.0"}, {"context", {{"order_id", 1002}}}});
  const auto other = http().submit({{"name", "echo"}, {"namespace", "test"}});
  const auto list = http().get("/tasker/tasks?namespace=default&version=1.0.0&limit=100").json().at("tasks");
  std::vector<std::int64_t> ids;
  for (const auto& task : list) {
    EXPECT_EQ(task.at("namespace"), "default");
    EXPECT_EQ(task.at("version"), "1.0.0");
    ids.push_back(task.at("task_id"));
  }
  EXPECT_THAT(ids, testing::Contains(old));
  EXPECT_THAT(ids, testing::Not(testing::Contains(other)));
}

TEST_F(Api, PagesThroughAListWithoutGapsOrDoubles) {
  const auto made = http().submit_many({{"name", "echo"}, {"namespace", "test"}}, 25);
  std::set<std::int64_t> seen;
  Json after;
  do {
    const auto page = http().get("/tasker/tasks?name=echo&limit=7" +
                                 (after.is_null() ? "" : "&after=" + after.get<std::string>())).json();
    for (const auto& task : page.at("tasks")) EXPECT_TRUE(seen.insert(task.at("task_id").get<std::int64_t>()).second);
    after = page.at("next");
  } while (!after.is_null());
  for (const auto id : made) EXPECT_TRUE(seen.contains(id)) << id;
}

TEST_F(Api, ListsByWhatAnOperatorKnows) {
  const auto made = http().post("/tasker/tasks", R"({"name":"echo","namespace":"test","tags":["night run"],"initiator":"ada"})",
                                "X-Correlation-ID: request-4711\r\n");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_THAT(made.head, HasSubstr("X-Correlation-ID: request-4711"));
  const auto id = made.json().at("task_id");
  const auto found = [](const std::string& query) {
    std::vector<Json> ids;
    const auto list = http().get("/tasker/tasks?" + query).json();
    for (const auto& task : list.at("tasks")) ids.push_back(task.at("task_id"));
    return ids;
  };
  const std::vector<Json> only{id};
  EXPECT_EQ(found("correlation_id=request-4711"), only);
  EXPECT_EQ(found("tag=night+run"), only);
  EXPECT_EQ(found("initiator=ada&created_after=2020-01-01T00:00:00Z"), only);
  EXPECT_TRUE(found("initiator=ada&created_before=2020-01-01T00:00:00Z").empty());
  const auto bad = http().get("/tasker/tasks?created_after=noon");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.code(), "request.bad_parameter");
  EXPECT_EQ(bad.json().at("parameter"), "created_after");
}

TEST_F(Api, ARequestWithAnIdempotencyKeyCreatesOneTaskHoweverOftenItComes) {
  const std::string body = R"({"name":"echo","namespace":"test","reason":"only-once"})";
  const std::string key = "Idempotency-Key: api-only-once\r\n";
  const auto first = http().post("/tasker/tasks", body, key);
  ASSERT_EQ(first.status, 201) << first.text;
  EXPECT_THAT(first.head, testing::Not(HasSubstr("Idempotent-Replayed")));
  const auto again = http().post("/tasker/tasks", body, key);
  EXPECT_EQ(again.status, 200) << again.text;
  EXPECT_THAT(again.head, HasSubstr("Idempotent-Replayed: true"));
  EXPECT_EQ(again.json().at("task_id"), first.json().at("task_id"));
  const auto other = http().post("/tasker/tasks", R"({"name":"echo","namespace":"test"})", key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.code(), "request.key_reused");
  const std::string bulk = R"({"tasks":[{"name":"echo","namespace":"test"},{"name":"echo","namespace":"test"}]})";
  EXPECT_EQ(http().post("/tasker/tasks/bulk", bulk, key).code(), "request.key_reused");
  const auto many = http().post("/tasker/tasks/bulk", bulk, "Idempotency-Key: api-many\r\n");
  ASSERT_EQ(many.status, 201) << many.text;
  const auto many_again = http().post("/tasker/tasks/bulk", bulk, "Idempotency-Key: api-many\r\n");
  EXPECT_EQ(many_again.status, 200);
  EXPECT_EQ(many_again.json(), many.json());
  EXPECT_EQ(http().post("/tasker/tasks", body, "Idempotency-Key: two words\r\n").code(), "request.bad_header");
  EXPECT_EQ(http().ended(first.json().at("task_id")).at("detail"), "complete");
}

TEST_F(Api, WaitsForTheEndWhenTheClientPrefersIt) {
  const auto quick = http().post("/tasker/tasks", R"({"name":"echo","namespace":"test"})", "Prefer: wait=60\r\n");
  ASSERT_EQ(quick.status, 201) << quick.text;
  EXPECT_THAT(quick.head, HasSubstr("Preference-Applied: wait=60"));
  EXPECT_EQ(quick.json().at("task").at("detail"), "complete") << quick.text;

  const auto gate = place_->path("gate");
  const auto slow = http().post(
      "/tasker/tasks", Json{{"name", "blocker"}, {"namespace", "test"}, {"context", {{"until", gate.string()}}}}.dump(),
      "Prefer: wait=1\r\n");
  ASSERT_EQ(slow.status, 201) << slow.text;
  EXPECT_EQ(slow.json().at("task").value("finished_at", Json()), Json()) << "as it is when the time is over";
  std::ofstream(gate) << "open";
  const auto path = "/tasker/tasks/" + slow.json().at("task_id").dump();
  const auto ended = http().get(path, "Prefer: wait=60\r\n");
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(ended.json().at("task").at("detail"), "complete") << ended.text;
  EXPECT_EQ(http().get("/tasker/tasks/9007199254740991", "Prefer: wait=60\r\n").code(), "not_found") << "without waiting";
}

TEST_F(Api, HandsCorrelationIdAndTraceContextToEveryStep) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto made = http().post("/tasker/tasks", R"({"name":"origin","namespace":"test"})",
                                "X-Correlation-ID: c-origin\r\ntraceparent: " + trace + "\r\n");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_THAT(made.head, HasSubstr("traceparent: " + trace));
  const auto task = http().ended(made.json().at("task_id"));
  EXPECT_EQ(task.at("traceparent"), trace);
  EXPECT_EQ(task.at("correlation_id"), "c-origin");
  for (const auto& step : task.at("workflow_steps"))
    EXPECT_EQ(step.at("results"), (Json{{"correlation_id", "c-origin"}, {"traceparent", trace}})) << step.dump(1);
}

TEST_F(Api, KeepsEveryDigitOfANumber) {
  const auto answer = http().post(
      "/tasker/tasks", R"({"name":"echo","namespace":"test","context":{"big":12345678901234567890123,"tiny":0.1000}})");
  ASSERT_EQ(answer.status, 201) << answer.text;
  const auto id = answer.json().at("task_id").get<std::int64_t>();
  http().ended(id);
  const auto text = http().get("/tasker/tasks/" + std::to_string(id)).text;
  EXPECT_THAT(text, testing::ContainsRegex("\"results\": ?\\{[^}]*\"big\": ?12345678901234567890123")) << text;
  EXPECT_THAT(text, testing::ContainsRegex("\"results\": ?\\{[^}]*\"tiny\": ?0.1000")) << text;
}

TEST_F(Api, CreatesAllTasksOfABulkRequestOrNone) {
  const auto good = http().post("/tasker/tasks/bulk", Json{{"tasks", {{{"name", "echo"}, {"namespace", "test"}},
                                                                      {{"name", "echo"}, {"namespace", "test"}}}}});
  ASSERT_EQ(good.status, 201) << good.text;
  EXPECT_EQ(good.json().at("task_ids").size(), 2u);

  const auto marker = "bulk-that-must-not-be";
  const auto bad = http().post(
      "/tasker/tasks/bulk",
      Json{{"tasks", {{{"name", "echo"}, {"namespace", "test"}, {"reason", marker}},
                      {{"name", "order_process"}, {"context", {{"order_id", "seven"}}}, {"reason", marker}},
                      {{"name", "nobody"}, {"namespace", "test"}, {"reason", marker}}}}});
  EXPECT_EQ(bad.status, 422) << bad.text;
  std::map<int, std::string> codes;
  const auto problem = bad.json();
  for (const auto& error : problem.at("errors")) codes[error.at("index").get<int>()] = error.at("code");
  EXPECT_EQ(codes, (std::map<int, std::string>{{1, "context.invalid"}, {2, "handler.unknown"}})) << bad.text;
  EXPECT_THAT(http().get("/tasker/tasks?limit=100").text, testing::Not(HasSubstr(marker)));
}

TEST_F(Api, ChecksTheContextAgainstTheSchema) {
  const auto answer = http().post("/tasker/tasks", R"({"name":"order_process","context":{"order_id":"seven"}})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.head, HasSubstr("application/problem+json"));
  EXPECT_EQ(answer.code(), "context.invalid");
  EXPECT_THAT(answer.text, HasSubstr("/context/order_id"));
}

TEST_F(Api, SaysWhatIsUnknown) {
  const auto code = [](const Json& task) { return http().post("/tasker/tasks", task).code(); };
  EXPECT_EQ(code({{"name", "nobody"}}), "handler.unknown");
  EXPECT_EQ(code({{"name", "order_process"}, {"version", "9.0.0"}}), "handler.version_unknown");
  EXPECT_EQ(http().get("/tasker/handlers/nowhere").code(), "namespace.unknown");
  EXPECT_EQ(http().get("/tasker/handlers/default/nobody").code(), "handler.unknown");
  EXPECT_EQ(http().get("/tasker/handlers/default/order_process?version=9.0.0").status, 404);
  EXPECT_EQ(http().get("/tasker/tasks/9007199254740991").code(), "not_found");
  EXPECT_EQ(http().get("/tasker/nothing").code(), "http.path_unknown");
}

TEST_F(Api, RefusesWhatIsNotARequest) {
  EXPECT_EQ(http().post("/tasker/tasks", std::string("{\"name\":")).code(), "request.invalid_json");
  EXPECT_EQ(http().post("/tasker/tasks", std::string("[]")).status, 400);
  EXPECT_EQ(http().post("/tasker/tasks", Json{{"name", "echo"}, {"colour", "red"}}).code(), "request.unknown_field");
  EXPECT_EQ(http().get("/tasker/tasks/seven").code(), "request.bad_parameter");
  EXPECT_EQ(http().get("/tasker/tasks?limit=1000").code(), "request.bad_parameter");
}

TEST_F(Api, RefusesWhatTheDatabaseCannotHoldAndGoesOn) {
  const auto submit = [](const std::string& context) {
    return http().post("/tasker/tasks", R"({"name":"echo","namespace":"test","context":)" + context + "}");
  };
  EXPECT_EQ(submit(R"({"a":"\u0000"})").code(), "request.invalid_json");
  const auto huge = submit(R"({"a":1e400000})");
  EXPECT_TRUE(huge.status == 400 || huge.status == 422) << huge.status << " " << huge.text;
  EXPECT_EQ(http().ended(http().submit({{"name", "echo"}, {"namespace", "test"}})).at("detail"), "complete");
}

TEST_F(Api, SaysThatItLivesAndIsReady) {
  EXPECT_EQ(http().get("/tasker/health/live").json().at("alive"), true);
  const auto ready = http().get("/tasker/health/ready").json();
  EXPECT_EQ(ready.at("ready"), true);
  EXPECT_EQ(ready.at("checks").at("database").at("status"), "healthy");
}

TEST_F(Api, ServesItsPage) {
  const auto page = http().get("/tasker");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.head, HasSubstr("text/html"));
  EXPECT_EQ(http().get("/tasker/page.js").status, 200);
}

}  // namespace
}  // namespace tasker::test
