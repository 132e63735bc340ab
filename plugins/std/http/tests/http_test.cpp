// std/http as built, against a real server on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "plugins_shipped/plugin_file.h"
#include "stock_plugins/certificate.h"
#include "support/local_server.h"
#include "support/files.h"

namespace tasker::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

std::string http_date(std::time_t when) {
  char text[64];
  std::tm parts{};
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&when, &parts));
  return text;
}

std::string percent(const std::string& text) {
  std::string encoded;
  for (const char c : text) encoded += c == ' ' ? "%20" : c == ',' ? "%2C" : c == ':' ? "%3A" : std::string(1, c);
  return encoded;
}

class StdHttp : public testing::Test {
 protected:
  Answer request(const json& config, const json& context = json::object()) const { return run(plugin_, config, context); }
  static Answer run(const PluginFile& plugin, const json& config, const json& context = json::object(), std::uint32_t number = 1) {
    Attempt attempt{"request"};
    attempt.context = context;
    attempt.config = config;
    attempt.attempt = number;
    attempt.correlation_id = "order-17";
    return plugin.run(attempt);
  }
  Answer get(const std::string& path) const { return request({{"url", server_.url(path)}}); }

  LocalServer server_;
  PluginFile plugin_{"std/http-1.0.0", json::object()};
};

TEST_F(StdHttp, Item69_StatusesAreClassifiedAsTheSeedDoes) {
  for (const int status : {200, 201, 202, 203, 204, 206, 207, 226}) {
    const Answer answer = get("/status/" + std::to_string(status));
    EXPECT_EQ(answer.kind, TASKER_OK) << status << " " << answer.message;
    EXPECT_EQ(answer.payload["status"], status);
  }
  for (const int status : {400, 401, 403, 404, 422}) {
    const Answer answer = get("/status/" + std::to_string(status));
    EXPECT_EQ(answer.kind, TASKER_FAIL) << status;
    EXPECT_EQ(answer.code, "HTTP_" + std::to_string(status));
    EXPECT_THAT(answer.message, HasSubstr("the server answered " + std::to_string(status)));
  }
  for (const int status : {500, 502, 504, 501, 409, 418, 304, 227}) {
    const Answer answer = get("/status/" + std::to_string(status) + "?retry_after=9");
    EXPECT_EQ(answer.kind, TASKER_RETRY) << status;
    EXPECT_EQ(answer.code, "HTTP_" + std::to_string(status));
    EXPECT_EQ(answer.retry_after_ms, 0U) << "left to the step's own policy";
  }
  for (const int status : {429, 503}) {
    const std::string path = "/status/" + std::to_string(status) + "?retry_after=";
    const Answer in_seconds = get(path + "120");
    EXPECT_EQ(in_seconds.kind, TASKER_RETRY);
    EXPECT_EQ(in_seconds.code, "HTTP_" + std::to_string(status));
    EXPECT_EQ(in_seconds.retry_after_ms, 120'000U);
    const Answer as_date = get(path + percent(http_date(std::time(nullptr) + 600)));
    EXPECT_GT(as_date.retry_after_ms, 500'000U);
    EXPECT_LE(as_date.retry_after_ms, 600'000U);
    EXPECT_EQ(get(path + percent(http_date(std::time(nullptr) - 600))).retry_after_ms, 1U) << "has passed: at once";
    EXPECT_EQ(get(path + "0").retry_after_ms, 1U);
  }
}

TEST_F(StdHttp, Item70_ABadRetryAfterIsIgnoredAndBackoffCanBeOff) {
  const auto delay = [&](const char* retry_after, json config, std::uint32_t attempt) {
    config["url"] = server_.url(std::string("/status/503") + retry_after);
    const Answer answer = run(plugin_, config, json::object(), attempt);
    EXPECT_EQ(answer.kind, TASKER_RETRY);
    EXPECT_EQ(answer.code, "HTTP_503");
    return answer.retry_after_ms;
  };
  for (const char* bad : {"?retry_after=soon", "?retry_after=-5", "?retry_after=1.5.2", "?retry_after=99999999999999999999", ""}) {
    EXPECT_GE(delay(bad, json::object(), 1), 900U) << bad;
    EXPECT_LE(delay(bad, json::object(), 1), 1'100U) << bad;
    EXPECT_EQ(delay(bad, {{"enable_exponential_backoff", false}}, 1), 0U) << bad << ": none of ours, the step's policy decides";
  }
  const json steady = {{"jitter_factor", 0}};
  EXPECT_EQ(delay("", steady, 2), 2'000U);
  EXPECT_EQ(delay("", steady, 6), 32'000U);
  EXPECT_EQ(delay("", steady, 7), 49'000U);
  EXPECT_EQ(delay("", steady, 50), 300'000U);
  EXPECT_EQ(delay("", {{"jitter_factor", 0}, {"retry_delay", 0.5}}, 3), 2'000U);
  EXPECT_EQ(delay("?retry_after=7", {{"enable_exponential_backoff", false}}, 1), 7'000U) << "what the server says counts all the same";

  const Answer closed = get("/drop");
  EXPECT_EQ(closed.kind, TASKER_RETRY);
  EXPECT_EQ(closed.code, "http.unreachable");
  std::string nowhere;
  {
    const LocalServer gone;
    nowhere = gone.url("/");
  }
  const Answer refused = request({{"url", nowhere}});
  EXPECT_EQ(refused.kind, TASKER_RETRY);
  EXPECT_EQ(refused.code, "http.unreachable");
  EXPECT_EQ(refused.retry_after_ms, 0U);
}

TEST_F(StdHttp, EverythingComesFromTheContextByTemplates) {
  const json context = {{"id", "a/b?c=ü"}, {"token", "t0p"}, {"tags", {"x y", "z&"}}, {"customer", {{"name", "Ann"}, {"age", 40}}}};
  const Answer answer = request({{"method", "PUT"},
                                 {"url", server_.url("/echo/{/context/id}?v=1")},
                                 {"params", {{"tag", {{"$from", "/context/tags"}}}, {"n", 5}, {"none", nullptr}}},
                                 {"headers", {{"X-Token", "{/context/token}"}, {"Idempotency-Key", "{/step/idempotency_key}"}}},
                                 {"body", {{"customer", {{"$from", "/context/customer"}}}}}},
                                context);
  ASSERT_EQ(answer.kind, TASKER_OK) << answer.message;
  const json& asked = answer.payload["body"];
  EXPECT_EQ(asked["method"], "PUT");
  EXPECT_EQ(asked["path"], "/echo/a%2Fb%3Fc%3D%C3%BC?v=1&n=5&tag=x%20y&tag=z%26");
  EXPECT_EQ(asked["headers"]["x-token"], "t0p");
  EXPECT_EQ(asked["headers"]["idempotency-key"], "1/request");
  EXPECT_EQ(asked["headers"]["x-correlation-id"], "order-17");
  EXPECT_EQ(asked["headers"]["content-type"], "application/json");
  EXPECT_EQ(asked["headers"]["accept"], "application/json");
  EXPECT_EQ(json::parse(asked["body"].get<std::string>()), json({{"customer", {{"name", "Ann"}, {"age", 40}}}}));
}

TEST_F(StdHttp, BodiesOfEachKind) {
  const auto sent = [&](const json& config) {
    json all = {{"method", "POST"}, {"url", server_.url("/echo")}};
    all.update(config);
    const Answer answer = request(all);
    EXPECT_EQ(answer.kind, TASKER_OK) << answer.message;
    return answer.payload["body"];
  };
  EXPECT_EQ(sent({{"form", {{"a", "1 2"}, {"b", true}}}})["body"], "a=1%202&b=true");
  EXPECT_EQ(sent({{"text", "hello"}, {"headers", {{"content-type", "text/x"}}}})["headers"]["content-type"], "text/x");
  EXPECT_EQ(sent(json::object())["headers"]["content-length"], "0");
  EXPECT_EQ(request({{"url", server_.url("/echo")}, {"body", 1}}).code, "config.invalid");
  EXPECT_EQ(request({{"method", "POST"}, {"url", server_.url("/echo")}, {"body", 1}, {"text", "1"}}).code, "config.invalid");
}

TEST_F(StdHttp, AnswersOfEachKind) {
  EXPECT_EQ(get("/text").payload["body"], "grüße");
  EXPECT_EQ(get("/bytes").payload["body_base64"], "//4A");
  EXPECT_EQ(get("/status/204").payload["body"], nullptr);
  EXPECT_EQ(get("/echo").payload["headers"]["content-type"], "application/json; charset=utf-8");
  const Answer bad = get("/bad_json");
  EXPECT_EQ(bad.kind, TASKER_RETRY);
  EXPECT_EQ(bad.code, "http.bad_answer");
  const Answer head = request({{"method", "HEAD"}, {"url", server_.url("/text")}});
  EXPECT_EQ(head.kind, TASKER_OK) << head.message;
  EXPECT_EQ(head.payload["body"], nullptr);
}

TEST_F(StdHttp, AnswersBeyondTheLimitAreRefusedForGood) {
  EXPECT_EQ(get("/big?bytes=1048576").kind, TASKER_OK);
  const Answer answer = get("/big?bytes=1048577");
  EXPECT_EQ(answer.kind, TASKER_FAIL);
  EXPECT_EQ(answer.code, "http.too_large");
  EXPECT_EQ(request({{"url", server_.url("/big?bytes=3000")}, {"max_response_kib", 2}}).code, "http.too_large");
}

TEST_F(StdHttp, UrlsAndHeadersAreCheckedBeforeAnythingIsSent) {
  const auto code = [&](const json& url) { return request({{"url", url}}).code; };
  for (const char* url : {"ftp://127.0.0.1/x", "file:///etc/passwd", "127.0.0.1/x", "http://", "http://a b/", "gopher://x/", "/path",
                          "http://user:secret@127.0.0.1/", "http://exa\nmple/"})
    EXPECT_EQ(code(url), "http.bad_url") << url;
  EXPECT_EQ(code(nullptr), "config.invalid");
  EXPECT_EQ(request({{"url", "{/context/nowhere}"}}).code, "template.not_found");
  const auto with_header = [&](const char* name, const char* value) {
    return request({{"url", server_.url("/echo")}, {"headers", {{name, "{/context/v}"}}}}, {{"v", value}}).code;
  };
  EXPECT_EQ(with_header("X-A", "a\r\nX-Evil: 1"), "config.invalid");
  EXPECT_EQ(with_header("X A", "a"), "config.invalid");
  EXPECT_EQ(with_header("Host", "a"), "config.invalid");
  EXPECT_EQ(with_header("X-A", "a"), "");
  EXPECT_EQ(request({{"url", server_.url("/echo")}, {"method", "TRACE"}}).code, "config.invalid");
  EXPECT_THAT(request({{"url", "http://x/"}, {"timeout", 1}}).message, HasSubstr("has no option \"timeout\""));
  const Answer secret = request({{"url", "http://user:secret@127.0.0.1/"}});
  EXPECT_THAT(secret.message, Not(HasSubstr("secret")));
}

TEST_F(StdHttp, RedirectsOfReadsAreFollowedWithinLimits) {
  const Answer moved = get("/redirect?to=/echo");
  EXPECT_EQ(moved.kind, TASKER_OK) << moved.message;
  EXPECT_EQ(moved.payload["url"], server_.url("/echo"));
  const Answer round = get("/redirect?to=/redirect%3Fto%3D/redirect%253Fto%253D/text");
  EXPECT_EQ(round.payload["body"], "grüße");
  const Answer too_many = request({{"url", server_.url("/redirect?to=/echo")}, {"max_redirects", 0}});
  EXPECT_EQ(too_many.kind, TASKER_FAIL);
  EXPECT_EQ(too_many.code, "http.too_many_redirects");
  EXPECT_EQ(get("/redirect?to=file:///etc/passwd").code, "http.bad_url");
  EXPECT_EQ(request({{"method", "POST"}, {"url", server_.url("/redirect?to=/echo")}}).code, "HTTP_302");

  LocalServer other;
  const Answer elsewhere = request({{"url", server_.url("/redirect?to=" + other.url("/echo"))}, {"headers", {{"X-Api-Key", "k"}}}});
  ASSERT_EQ(elsewhere.kind, TASKER_OK) << elsewhere.message;
  EXPECT_FALSE(elsewhere.payload["body"]["headers"].contains("x-api-key")) << "not for another origin";
}

TEST_F(StdHttp, ServicesHaveSecretHeadersAndAllowListsHold) {
  const PluginFile plugin("std/http-1.0.0", {{"allow_hosts", {"*.example.org", "api.example.com:8443"}},
                                             {"services", {{"bank", {{"url", server_.url("/echo/")}, {"headers", {{"Authorization", "Bearer s3cret"}}}}}}}});
  const Answer answer = run(plugin, {{"service", "bank"}, {"url", "/accounts"}, {"headers", {{"authorization", "mine"}}}});
  ASSERT_EQ(answer.kind, TASKER_OK) << answer.message;
  EXPECT_EQ(answer.payload["body"]["path"], "/echo/accounts");
  EXPECT_EQ(answer.payload["body"]["headers"]["authorization"], "Bearer s3cret");
  EXPECT_EQ(run(plugin, {{"service", "bank"}, {"url", server_.url("/echo")}}).code, "config.invalid");
  EXPECT_EQ(run(plugin, {{"service", "post"}, {"url", "/"}}).code, "http.unknown_service");

  LocalServer other;
  EXPECT_EQ(run(plugin, {{"url", other.url("/echo")}}).code, "http.host_not_allowed");
  EXPECT_EQ(run(plugin, {{"url", "http://example.org/"}}).code, "http.host_not_allowed");
  EXPECT_EQ(run(plugin, {{"url", "https://api.example.com/"}}).code, "http.host_not_allowed");
  EXPECT_EQ(run(plugin, {{"url", server_.url("/redirect?to=" + other.url("/echo"))}}).code, "http.host_not_allowed");
}

TEST_F(StdHttp, ATimeOutIsRetryable) {
  const Answer answer = request({{"url", server_.url("/never")}, {"timeout_seconds", 0.2}});
  EXPECT_EQ(answer.kind, TASKER_RETRY);
  EXPECT_EQ(answer.code, "http.timeout");
}

TEST_F(StdHttp, AStopEndsTheRequest) {
  const auto stopped = [&](const char* method, std::uint32_t bits) {
    std::atomic<std::uint32_t> stop = 0;
    Attempt attempt{"request"};
    attempt.config = {{"url", server_.url("/never")}, {"method", method}, {"timeout_seconds", 60}};
    attempt.stop_bits = &stop;
    Answer answer;
    std::thread caller([&] { answer = plugin_.run(attempt); });
    EXPECT_TRUE(server_.wait_for_request("/never"));
    stop = bits;
    caller.join();
    return answer.kind;
  };
  EXPECT_EQ(stopped("GET", TASKER_STOP_DRAINING), TASKER_CANCELLED);
  EXPECT_EQ(stopped("POST", TASKER_STOP_DRAINING | TASKER_STOP_LEASE_LOST), TASKER_CANCELLED);
}

TEST_F(StdHttp, APostIsBroughtToItsEndWhileTheHostDrains) {
  const std::atomic<std::uint32_t> stop = TASKER_STOP_DRAINING;
  Attempt attempt{"request"};
  attempt.config = {{"url", server_.url("/echo")}, {"method", "POST"}};
  attempt.stop_bits = &stop;
  EXPECT_EQ(plugin_.run(attempt).kind, TASKER_OK);
}

TEST(StdHttpTls, CertificatesAreVerified) {
  const TempDir folder;
  const auto certificate = folder.path() / "cert.pem", key = folder.path() / "key.pem";
  make_certificate(certificate, key);
  const LocalServer server(certificate, key);
  const PluginFile plugin("std/http-1.0.0", json::object());
  const auto call = [&](const PluginFile& with, const json& ssl) {
    Attempt attempt{"request"};
    attempt.config = {{"url", server.url("/text")}, {"ssl", ssl}};
    return with.run(attempt);
  };
  const Answer unknown = call(plugin, json::object());
  EXPECT_EQ(unknown.kind, TASKER_RETRY);
  EXPECT_EQ(unknown.code, "http.tls") << unknown.message;
  EXPECT_EQ(call(plugin, {{"ca_file", certificate.string()}}).payload["body"], "grüße");
  EXPECT_EQ(call(plugin, {{"verify", false}}).payload["body"], "grüße");
  const PluginFile trusting("std/http-1.0.0", {{"ca_file", certificate.string()}});
  EXPECT_EQ(call(trusting, json::object()).payload["body"], "grüße");
  EXPECT_EQ(call(plugin, {{"ca_file", "/nowhere.pem"}}).code, "http.tls");
}

TEST(StdHttpConfiguration, WhatCannotWorkIsRefused) {
  const auto refusal = [](const json& wrong) { return PluginFile::refusal("std/http-1.0.0", wrong); };
  EXPECT_EQ(refusal({{"service", 1}}).code, "config.invalid");
  EXPECT_EQ(refusal({{"services", {{"a", {{"url", "nowhere"}}}}}}).code, "http.bad_url");
  EXPECT_EQ(refusal({{"services", {{"a", {{"url", "http://a/"}, {"headers", {{"A\n", "1"}}}}}}}}).code, "config.invalid");
  EXPECT_EQ(refusal(json::object()).kind, TASKER_OK);
}

}  // namespace
}  // namespace tasker::test
