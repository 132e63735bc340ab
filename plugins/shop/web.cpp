#include "web.h"

#include <ctime>
#include <utility>

#include "std/http/src/status.h"
#include "text.h"

namespace shop {
namespace {

using tasker::Json;

constexpr double kTimeoutSeconds = 10;

std_http::milliseconds timeout_of(tasker::Call& call) {
  const Json written = call.config().is_object()
                           ? call.config().value("timeout_seconds", Json(kTimeoutSeconds))
                           : Json(kTimeoutSeconds);
  const double seconds = written.is_number() ? written.get<double>() : 0;
  if (!(seconds >= 0.001 && seconds <= 3600))
    throw tasker::PermanentError("timeout_seconds must be a number within 0.001 to 3600", "config.invalid");
  return std_http::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std_http::Request request_to(tasker::Call& call, const char* method, const std::string& url) {
  std_http::Request request;
  request.method = method;
  request.url = std_http::url_from(url);
  request.timeout = timeout_of(call);
  request.headers = {{"Accept", "application/json"}};
  if (!call.correlation_id().empty()) request.headers.emplace_back("X-Correlation-ID", call.correlation_id());
  return request;
}

}  // namespace

Json Web::get(tasker::Call& call, const std::string& url) const {
  return send(call, request_to(call, "GET", url));
}

Json Web::post(tasker::Call& call, const std::string& url, const Json& body) const {
  auto request = request_to(call, "POST", url);
  request.headers.emplace_back("Content-Type", "application/json");
  request.headers.emplace_back("Idempotency-Key", fingerprint(call.idempotency_key()));
  request.body = body.dump();
  request.has_body = true;
  return send(call, std::move(request));
}

Json Web::send(tasker::Call& call, std_http::Request request) const {
  const auto answer = std_http::transfer(request, call, outside_);
  std_http::judge(answer, request.backoff, call.attempt(), std::time(nullptr));
  Json body = Json::parse(answer.body, nullptr, false);
  if (body.is_discarded())
    throw tasker::RetryableError(request.url.text + " answered no JSON", std::nullopt, "http.bad_answer");
  return body;
}

}  // namespace shop
