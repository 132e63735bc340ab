#include "http/routes.h"

#include <nlohmann/json.hpp>

#include "recording_api.h"

namespace tasker::http {
namespace {

using nlohmann::json;

class RoutesTest : public ::testing::Test {
 protected:
  Response ask(Request request) {
    std::optional<Response> answer;
    routes_.handle(std::move(request), [&](Response response) {
      EXPECT_FALSE(answer.has_value()) << "answered twice";
      answer = std::move(response);
    });
    EXPECT_TRUE(answer.has_value()) << "not answered";
    return answer.value_or(Response{});
  }
  Response get(std::string target, std::string method = "GET") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return ask(std::move(request));
  }
  Response post(std::string target, std::string body, std::string type = "application/json") {
    Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.body = std::move(body);
    request.content_type = std::move(type);
    return ask(std::move(request));
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  // Every refusal has the same members; answers the code.
  static std::string refused(const Response& response, int status) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    const json body = json::parse(response.body);
    EXPECT_EQ(body.at("status"), status);
    EXPECT_FALSE(body.at("title").get<std::string>().empty());
    EXPECT_FALSE(body.at("detail").get<std::string>().empty());
    EXPECT_EQ(body.at("type"), "urn:tasker:error:" + body.at("code").get<std::string>());
    return body.at("code");
  }

  RecordingApi api_;
  Routes routes_{api_, {}};
};

TEST_F(RoutesTest, SubmitAnswersTheTaskAndItsPlace) {
  api_.last_task = 41;
  api_.answer = std::string(R"({"task":{"task_id":42,"context":{"n":12345678901234567890123}}})");
  const Response response = post("/tasker/tasks", R"({"name":"a","context":{"n":12345678901234567890123}})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(header(response, "Location"), "/tasker/tasks/42");
  EXPECT_EQ(response.body, std::string(R"({"task_id":42,"task":{"task_id":42,"context":{"n":12345678901234567890123}}})") + "\n");
  EXPECT_EQ(api_.submitted.at(0).at(0).context, R"({"n":12345678901234567890123})");
  EXPECT_EQ(api_.calls, std::vector<std::string>{"task 42"});
}

TEST_F(RoutesTest, SubmitIsAnsweredEvenWhenTheReadBehindItFails) {
  api_.answer = make_error(Code::database_unavailable, "The database is away.");
  const Response response = post("/tasker/tasks", R"({"name":"a"})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, std::string(R"({"task_id":1})") + "\n");
}

TEST_F(RoutesTest, SubmitSkipsTheReadWhenTheClientPrefersLittle) {
  Request request;
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  request.prefer = "return=minimal";
  EXPECT_EQ(ask(request).body, std::string(R"({"task_id":1})") + "\n");
  EXPECT_TRUE(api_.calls.empty());
}

TEST_F(RoutesTest, SubmitRefusalsComeFromTheServiceWithTheirPointer) {
  api_.problems = {{0, Code::context_invalid, "/context/order_id", "order_id must be a number."}};
  const Response response = post("/tasker/tasks", R"({"name":"a"})");
  EXPECT_EQ(refused(response, 422), "context.invalid");
  const json error = json::parse(response.body).at("errors").at(0);
  EXPECT_EQ(error.at("pointer"), "/context/order_id");
  EXPECT_FALSE(error.contains("index"));
}

TEST_F(RoutesTest, AnUnknownWorkflowInABodyIsNotAnUnknownPath) {
  api_.problems = {{0, Code::unknown_handler, "/name", "There is no a in default."}};
  EXPECT_EQ(refused(post("/tasker/tasks", R"({"name":"a"})"), 422), "handler.unknown");
}

TEST_F(RoutesTest, BulkIsAllOrNone) {
  const Response response = post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"},{"name":"b"}]})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, std::string(R"({"task_ids":[1,2]})") + "\n");
  ASSERT_EQ(api_.submitted.at(0).size(), 2U);

  const Response bad = post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"},{"name":"b","x":1}]})");
  EXPECT_EQ(refused(bad, 400), "request.unknown_field");
  EXPECT_EQ(json::parse(bad.body).at("errors").at(0).at("index"), 1);
  EXPECT_EQ(api_.submitted.size(), 1U);

  api_.problems = {{1, Code::context_invalid, "/context", "No."}};
  EXPECT_EQ(refused(post("/tasker/tasks/bulk", R"({"tasks":[{"name":"a"},{"name":"b"}]})"), 422),
            "context.invalid");
}

TEST_F(RoutesTest, AServiceErrorKeepsItsStatusAndCode) {
  api_.refuse_submit = make_error(Code::database_unavailable, "The database is away.", Retry::later);
  const Response response = post("/tasker/tasks", R"({"name":"a"})");
  EXPECT_EQ(refused(response, 503), "database.unavailable");
  EXPECT_EQ(header(response, "Retry-After"), "1");
  api_.answer = make_error(Code::not_found, "There is no task 9.");
  EXPECT_EQ(refused(get("/tasker/tasks/9"), 404), "not_found");
}

TEST_F(RoutesTest, ListPassesTheFilterOn) {
  api_.answer = std::string(R"({"tasks":[],"next":null})");
  const Response response =
      get("/tasker/tasks?namespace=pay%20ments&name=a+b&version=2.1.0&status=in_progress&limit=100&after=dGFzazo3"
          "&correlation_id=c-1&tag=vip&initiator=i&source_system=s&created_after=2030-01-31T09:30:00Z"
          "&created_before=2030-02-01T09:30:00%2B02:00");
  EXPECT_EQ(response.body, std::string(R"({"tasks":[],"next":null})") + "\n");
  const auto& filter = api_.filters.at(0);
  EXPECT_EQ(filter.namespace_name, "pay ments");
  EXPECT_EQ(filter.name, "a b");
  EXPECT_EQ(filter.version, "2.1.0");
  EXPECT_EQ(filter.status, "in_progress");
  EXPECT_EQ(filter.limit, 100);
  EXPECT_EQ(filter.after, TaskId{7});
  EXPECT_EQ(filter.correlation_id, "c-1");
  EXPECT_EQ(filter.tag, "vip");
  EXPECT_EQ(filter.initiator, "i");
  EXPECT_EQ(filter.source_system, "s");
  EXPECT_EQ(filter.created_after, "2030-01-31T09:30:00Z");
  EXPECT_EQ(filter.created_before, "2030-02-01T09:30:00+02:00");
  get("/tasker/tasks");
  EXPECT_EQ(api_.filters.at(1).limit, 20);
  EXPECT_FALSE(api_.filters.at(1).after.has_value());
}

TEST_F(RoutesTest, ListRefusesBadParametersByName) {
  for (const char* query :
       {"limit=0", "limit=101", "limit=x", "limit=", "after=-1", "after=9007199254740992", "after=1.5",
        "nmespace=a", "status=finished", "limit=5&limit=6", "namespace=%zz", "namespace=%4", "namespace=%00",
        "namespace=%ff", "created_after=yesterday", "created_before=2030-02-30T00:00:00Z", "after=", "after=7",
        "after=dGFzazo", "after=dGFzazp4", "after=bmFtZXNwYWNlOjc", "after=dGFzazo3%3D", "after=dGFzazo9"}) {
    EXPECT_EQ(refused(get(std::string("/tasker/tasks?") + query), 400), "request.bad_parameter") << query;
  }
  const auto parameter = [&](const std::string& query) {
    return json::parse(get("/tasker/tasks?" + query).body).value("parameter", "");
  };
  EXPECT_EQ(parameter("limit=x"), "limit");
  EXPECT_EQ(parameter("after=x"), "after");
  EXPECT_EQ(parameter("status=x"), "status");
  EXPECT_EQ(parameter("created_after=x"), "created_after");
  EXPECT_EQ(parameter("nmespace=x"), "nmespace");
  EXPECT_NE(get("/tasker/tasks?limit=x").body.find("'limit'"), std::string::npos);
  EXPECT_TRUE(api_.filters.empty());
}

TEST_F(RoutesTest, ListsOfTheCatalogueAreReadInPages) {
  EXPECT_EQ(get("/tasker/handlers?limit=3&after=bmFtZXNwYWNlOnNob3A").status, 200);  // namespace:shop
  EXPECT_EQ(api_.pages.at(0).limit, 3);
  EXPECT_EQ(api_.pages.at(0).after, "shop");
  EXPECT_EQ(get("/tasker/handlers/shop").status, 200);
  EXPECT_EQ(api_.pages.at(1).limit, 1000);
  EXPECT_EQ(api_.pages.at(1).after, "");
  for (const char* path : {"/tasker/handlers?after=dGFzazo3", "/tasker/handlers/shop?limit=1001", "/tasker/plugins?after=x",
                           "/tasker/plugins?after=cGx1Z2luOng", "/tasker/plugins?status=active"}) {
    EXPECT_EQ(refused(get(path), 400), "request.bad_parameter") << path;
  }
}

TEST_F(RoutesTest, ReadsGoToTheService) {
  get("/tasker/tasks/123");
  get("/tasker/handlers");
  get("/tasker/handlers/pay%2Fments");
  get("/tasker/handlers/payments/process_order?version=2.1.0");
  get("/tasker/handlers/payments/process_order");
  get("/tasker/plugins");
  get("/tasker/health/ready");
  EXPECT_EQ(api_.calls, (std::vector<std::string>{"task 123", "namespaces", "handlers pay/ments",
                                                  "handler payments process_order 2.1.0",
                                                  "handler payments process_order ", "plugins", "health"}));
}

TEST_F(RoutesTest, HealthSaysAliveAndReady) {
  const json live = json::parse(get("/tasker/health/live").body);
  EXPECT_EQ(live.at("alive"), true);
  EXPECT_EQ(live.at("service"), "tasker");
  api_.well = {true, R"({"ready":true})"};
  EXPECT_EQ(get("/tasker/health/ready").status, 200);
  api_.well = {false, R"({"ready":false,"failed_checks":["database"]})"};
  const Response response = get("/tasker/health/ready");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body).at("ready"), false);
}

TEST_F(RoutesTest, UnknownPathsAre404) {
  for (const char* path :
       {"/tasks", "/tasker/task", "/taskerx", "/tasker/tasks/1/2", "/tasker/handlers/a/b/c", "/tasker/health",
        "/tasker/health/status", "/tasker/../etc/passwd", "//", "/favicon.ico"}) {
    EXPECT_EQ(refused(get(path), 404), "http.path_unknown") << path;
  }
  EXPECT_EQ(refused(get("/tasker/tasks/x"), 400), "request.bad_parameter");
  EXPECT_EQ(refused(get("/tasker/tasks/0"), 400), "request.bad_parameter");
}

TEST_F(RoutesTest, WrongMethodsAre405WithAllow) {
  const Response response = get("/tasker/tasks", "DELETE");
  EXPECT_EQ(refused(response, 405), "http.method_not_allowed");
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD, POST");
  EXPECT_EQ(header(get("/tasker/tasks/bulk"), "Allow"), "POST");
  EXPECT_EQ(header(get("/tasker/plugins", "POST"), "Allow"), "GET, HEAD");
  EXPECT_EQ(header(get("/tasker/plugins/shop/cart/1.0.0", "DELETE"), "Allow"), "GET, HEAD");
  EXPECT_EQ(header(get("/tasker/plugins/shop/cart/1.0.0/retire"), "Allow"), "POST");
  EXPECT_EQ(header(get("/tasker/plugins/shop/cart/default", "POST"), "Allow"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(get("/tasker/plugins", "HEAD").status, 200);
}

TEST_F(RoutesTest, BodiesMustBeJson) {
  EXPECT_EQ(refused(post("/tasker/tasks", "{}", "text/plain"), 415), "http.unsupported_media_type");
  EXPECT_EQ(refused(post("/tasker/tasks", "name=a", "application/x-www-form-urlencoded"), 415),
            "http.unsupported_media_type");
  EXPECT_EQ(post("/tasker/tasks", R"({"name":"a"})", "").status, 201);
  EXPECT_EQ(post("/tasker/tasks", R"({"name":"a"})", "Application/JSON; charset=utf-8").status, 201);
  EXPECT_EQ(refused(post("/tasker/tasks", "{"), 400), "request.invalid_json");
  EXPECT_EQ(refused(post("/tasker/tasks", ""), 400), "request.invalid_json");
  EXPECT_EQ(refused(post("/tasker/tasks?x=1", R"({"name":"a"})"), 400), "request.bad_parameter");
}

TEST_F(RoutesTest, CorrelationIdsTravelAndReturn) {
  Request request;
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  request.correlation_id = "order-77";
  EXPECT_EQ(header(ask(request), "X-Correlation-ID"), "order-77");
  EXPECT_EQ(api_.submitted.at(0).at(0).correlation_id, "order-77");
  request.correlation_id.clear();
  const std::string made = header(ask(request), "X-Correlation-ID");
  EXPECT_EQ(made.size(), 32U);
  EXPECT_EQ(api_.submitted.at(1).at(0).correlation_id, made);
  request.correlation_id = "two words";
  EXPECT_EQ(refused(ask(request), 400), "request.bad_header");
  request.correlation_id = std::string(129, 'x');
  EXPECT_EQ(refused(ask(request), 400), "request.bad_header");
}

TEST_F(RoutesTest, ATraceContextTravelsAndReturns) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Request request;
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  request.traceparent = trace;
  EXPECT_EQ(header(ask(request), "traceparent"), trace);
  EXPECT_EQ(api_.submitted.at(0).at(0).traceparent, trace);
  request.traceparent = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later";
  EXPECT_EQ(header(ask(request), "traceparent"), request.traceparent);
  for (const char* bad : {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", "x", "ff" "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"}) {
    request.traceparent = bad;
    const Response response = ask(request);
    EXPECT_EQ(response.status, 201) << bad;
    EXPECT_EQ(header(response, "traceparent"), "") << bad;
    EXPECT_EQ(api_.submitted.back().at(0).traceparent, "") << bad;
  }
}

TEST_F(RoutesTest, AnIdempotencyKeyGoesWithTheDigestOfTheRequest) {
  Request request;
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  EXPECT_EQ(ask(request).status, 201);
  EXPECT_EQ(api_.keys.at(0).key, "");
  request.idempotency_key = "order-7";
  EXPECT_EQ(ask(request).status, 201);
  EXPECT_EQ(api_.keys.at(1).key, "order-7");
  EXPECT_EQ(api_.keys.at(1).life, std::chrono::hours(24));
  request.body = R"({"name": "a"})";
  EXPECT_EQ(ask(request).status, 201);
  EXPECT_NE(api_.keys.at(1).digest, api_.keys.at(2).digest);
  for (const std::string& bad : {std::string("two words"), std::string(256, 'k'), std::string("k\x01"), std::string()}) {
    request.idempotency_key = bad;
    const Response response = ask(request);
    EXPECT_EQ(refused(response, 400), "request.bad_header");
    EXPECT_EQ(json::parse(response.body).at("header"), "Idempotency-Key");
  }
  EXPECT_EQ(api_.keys.size(), 3U);
}

TEST_F(RoutesTest, ARepeatedRequestIsAnsweredAsAReplay) {
  api_.replayed = true;
  Request request;
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  request.idempotency_key = "order-7";
  const Response one = ask(request);
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(header(one, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header(one, "Location"), "/tasker/tasks/1");
  request.target = "/tasker/tasks/bulk";
  request.body = R"({"tasks":[{"name":"a"}]})";
  EXPECT_EQ(ask(request).status, 200);
}

TEST_F(RoutesTest, PreferencesAreAppliedAndNamed) {
  Request request;
  request.target = "/tasker/tasks/9";
  request.prefer = "respond-async, wait=10";
  EXPECT_EQ(header(ask(request), "Preference-Applied"), "wait=10");
  request.prefer = "wait=100000";
  EXPECT_EQ(header(ask(request), "Preference-Applied"), "wait=60");
  for (const char* none : {"", "wait", "wait=", "wait=x", "wait=-5", "wait=1.5", "await=5"}) {
    request.prefer = none;
    EXPECT_EQ(header(ask(request), "Preference-Applied"), "") << none;
  }
  request.method = "POST";
  request.target = "/tasker/tasks";
  request.body = R"({"name":"a"})";
  request.prefer = "Wait = \"2\"; foo=bar";
  EXPECT_EQ(header(ask(request), "Preference-Applied"), "wait=2");
  EXPECT_EQ(api_.calls.back(), "task 1 within 2000 ms");
  request.prefer = "return=minimal, wait=2";
  EXPECT_EQ(header(ask(request), "Preference-Applied"), "return=minimal");
  EXPECT_EQ(api_.calls.back(), "task 1 within 2000 ms");
}

TEST_F(RoutesTest, OtherNamesAndOtherPagesAreRefused) {
  Request request;
  request.target = "/tasker/tasks";
  for (const char* host :
       {"evil.example", "127.evil.example", "evil.example:80", "[::2]:80", "localhost.evil.example"}) {
    request.host = host;
    EXPECT_EQ(refused(ask(request), 403), "http.host_refused") << host;
  }
  for (const char* host :
       {"localhost", "LOCALHOST:7878", "127.0.0.1:7878", "[::1]:7878", "tasker.localhost"}) {
    request.host = host;
    EXPECT_EQ(ask(request).status, 200) << host;
  }
  request.method = "POST";
  request.body = R"({"name":"a"})";
  request.host = "127.0.0.1:7878";
  request.origin = "http://evil.example";
  EXPECT_EQ(refused(ask(request), 403), "http.origin_refused");
  request.origin = "null";
  EXPECT_EQ(refused(ask(request), 403), "http.origin_refused");
  request.origin = "http://127.0.0.1:7878";
  EXPECT_EQ(ask(request).status, 201);
}

TEST_F(RoutesTest, ThePageKnowsWhereItIsMounted) {
  EXPECT_EQ(header(get("/"), "Location"), "/tasker");
  EXPECT_EQ(header(get("/tasker/"), "Location"), "/tasker");
  const Response page = get("/tasker");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("/tasker/page.js"), std::string::npos);
  EXPECT_EQ(page.body.find("{{"), std::string::npos);
  EXPECT_NE(header(page, "Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  const Response script = get("/tasker/page.js");
  EXPECT_EQ(script.content_type, "text/javascript; charset=utf-8");
  EXPECT_TRUE(script.body.starts_with("\"use strict\";"));
  // The last of the scripts that the build joins.
  EXPECT_NE(script.body.find("addEventListener(\"hashchange\", select)"), std::string::npos);

  Request again;
  again.target = "/tasker";
  again.if_none_match = header(page, "ETag");
  EXPECT_EQ(ask(again).status, 304);
  EXPECT_TRUE(ask(again).body.empty());
}

TEST_F(RoutesTest, TheMountCanBeElsewhere) {
  Routes deep(api_, {.mount = "/a/b"});
  Routes root(api_, {.mount = ""});
  const auto status = [](Routes& routes, std::string target) {
    Request request;
    request.target = std::move(target);
    int answered = 0;
    routes.handle(std::move(request), [&](Response response) { answered = response.status; });
    return answered;
  };
  EXPECT_EQ(status(deep, "/a/b/plugins"), 200);
  EXPECT_EQ(status(deep, "/a/b"), 200);
  EXPECT_EQ(status(deep, "/a"), 404);
  EXPECT_EQ(status(deep, "/tasker/plugins"), 404);
  EXPECT_EQ(status(root, "/plugins"), 200);
  EXPECT_EQ(status(root, "/"), 200);
}

TEST_F(RoutesTest, OperatorsSpeakOfOnePluginVersion) {
  const auto put = [&](std::string body) {
    Request request;
    request.method = "PUT";
    request.target = "/tasker/plugins/shop/cart/default";
    request.body = std::move(body);
    return ask(std::move(request));
  };
  get("/tasker/plugins/shop/cart/1.0.0%2Bdev.1a2b3c4d");
  post("/tasker/plugins/shop/cart/1.0.0/retire", "", "");
  post("/tasker/plugins/shop/cart/1.0.0/resume", "", "");
  post("/tasker/plugins/shop/cart/1.0.0/retry", "", "");
  post("/tasker/plugins/shop/cart/1.0.0/retry", R"({"reason": "it was mended"})");
  get("/tasker/plugins/shop/cart/default");
  put(R"({"version": "1.4.0"})");
  get("/tasker/plugins/shop/cart/default", "DELETE");
  EXPECT_EQ(api_.calls, (std::vector<std::string>{"plugin shop cart 1.0.0+dev.1a2b3c4d", "retire shop cart 1.0.0", "resume shop cart 1.0.0",
                                                  "retry shop cart 1.0.0", "retry shop cart 1.0.0 because it was mended", "default shop cart", "pin shop cart 1.4.0", "pin shop cart "}));
  EXPECT_EQ(refused(put("{}"), 400), "request.missing_field");
  EXPECT_EQ(refused(put(R"({"version": "1.4.0", "force": true})"), 400), "request.unknown_field");
  EXPECT_EQ(refused(put(R"({"version": 1})"), 400), "request.invalid");
  EXPECT_EQ(refused(put("words"), 400), "request.invalid_json");
  EXPECT_EQ(refused(get("/tasker/plugins/shop/cart/1.0.0/eat", "POST"), 404), "http.path_unknown");
  EXPECT_EQ(refused(post("/tasker/plugins/shop/cart/1.0.0/retry", R"({"why": "it was mended"})"), 400), "request.unknown_field");
  EXPECT_EQ(refused(post("/tasker/plugins/shop/cart/1.0.0/retry", R"({"reason": 1})"), 400), "request.invalid");
  EXPECT_EQ(refused(post("/tasker/plugins/shop/cart/1.0.0/retry", "[]"), 400), "request.invalid");
  EXPECT_EQ(refused(post("/tasker/plugins/shop/cart/1.0.0/retry", "{}", "text/plain"), 415), "http.unsupported_media_type");
  EXPECT_EQ(refused(get("/tasker/plugins/shop/cart/1.0.0/retry"), 405), "http.method_not_allowed");
  EXPECT_EQ(api_.calls.size(), 8u);
}

TEST_F(RoutesTest, APageOfAnotherSiteChangesNothing) {
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    Request request;
    request.method = method;
    request.target = std::string(method) == "POST" ? "/tasker/plugins/shop/cart/1.0.0/retire" : "/tasker/plugins/shop/cart/default";
    request.host = "localhost:8765";
    request.origin = "http://evil.example";
    EXPECT_EQ(refused(ask(std::move(request)), 403), "http.origin_refused") << method;
  }
  EXPECT_TRUE(api_.calls.empty());
}

}  // namespace
}  // namespace tasker::http
