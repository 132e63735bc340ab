#include "request.h"

#include <strings.h>

#include <algorithm>
#include <array>

#include "template/options.h"
#include "template/render.h"

namespace std_http {
namespace {

using stock::Options;
using tasker::Json;

constexpr std::array<std::string_view, 7> kMethods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

std::string method_from(const Options& options) {
  const std::string method = options.text("method", "GET");
  if (std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end())
    options.fail("says \"method\": \"" + method + "\"; there are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS");
  return method;
}

std::string query_from(const Json& params) {
  std::string query;
  const auto add = [&](const std::string& name, const Json& value) {
    if (value.is_null()) return;
    if (value.is_structured())
      throw tasker::PermanentError("handler_config params/" + name + " must be a text, a number, a boolean or an array of these",
                                   "config.invalid");
    query += (query.empty() ? "" : "&") + stock::percent_encoded(name) + "=" +
             stock::percent_encoded(value.is_string() ? value.get<std::string>() : value.dump());
  };
  for (const auto& [name, value] : params.items()) {
    if (!value.is_array()) add(name, value);
    else
      for (const auto& element : value) add(name, element);
  }
  return query;
}

std::string with_query(std::string url, const std::string& query) {
  if (query.empty()) return url;
  const auto fragment = std::min(url.find('#'), url.size());
  const bool has_query = url.find('?') < fragment;
  return url.insert(fragment, (has_query ? "&" : "?") + query);
}

// Within a text, what comes from the task stays one piece of the URL; {"$from": …} may be a whole one.
std::string url_text(const Json& written, stock::Renderer& renderer) {
  if (written.is_string())
    return renderer.text(written.get_ref<const std::string&>(), "/url", stock::Insertion::percent_encoded);
  const Json filled = renderer.value(written, "/url");
  if (!filled.is_string()) throw tasker::PermanentError("handler_config needs \"url\", a text", "config.invalid");
  return filled.get<std::string>();
}

bool has_header(const Headers& headers, const char* name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return strcasecmp(header.first.c_str(), name) == 0; });
}

void add_default(Headers& headers, const char* name, std::string_view value) {
  if (!value.empty() && !has_header(headers, name)) headers.emplace_back(name, value);
}

void set_body(Request& request, const Options& options) {
  const Json *json = options.find("body"), *text = options.find("text"), *form = options.find("form");
  if ((json != nullptr) + (text != nullptr) + (form != nullptr) > 1)
    options.fail("has more than one of \"body\", \"text\" and \"form\"");
  request.has_body = json != nullptr || text != nullptr || form != nullptr;
  if (json != nullptr) {
    request.body = tasker::print_output(*json, "request's body");
    add_default(request.headers, "Content-Type", "application/json");
  } else if (text != nullptr) {
    request.body = options.text("text", "");
    add_default(request.headers, "Content-Type", "text/plain; charset=utf-8");
  } else if (form != nullptr) {
    request.body = query_from(options.object("form"));
    add_default(request.headers, "Content-Type", "application/x-www-form-urlencoded");
  }
  if (request.has_body && request.is_read()) options.fail("gives a body to a " + request.method);
}

void set_limits(Request& request, const Options& options) {
  const auto millis = [&](const char* key, double otherwise) {
    return milliseconds(static_cast<std::int64_t>(options.number(key, otherwise, 0.001, 3600) * 1000));
  };
  request.timeout = millis("timeout_seconds", 30);
  request.connect_timeout = std::min(millis("connect_timeout_seconds", 10), request.timeout);
  request.max_bytes = static_cast<std::size_t>(options.integer("max_response_kib", 1024, 1, 8192)) << 10U;
  request.max_redirects = static_cast<int>(options.integer("max_redirects", 5, 0, 20));
  request.backoff = {options.flag("enable_exponential_backoff", true), options.number("retry_delay", 1, 0.001, 300),
                     options.number("jitter_factor", 0.1, 0, 1)};
}

}  // namespace

Request request_from(tasker::Call& call, const Outside& outside) {
  stock::Scope scope(call);
  stock::Renderer renderer(scope);
  const Json& written = call.config();
  Json config = written;
  config.erase("url");  // has a rule of its own
  config = renderer.value(config, "");
  const Options options(config, "handler_config",
                        {"url", "service", "method", "params", "headers", "body", "text", "form", "ssl", "timeout_seconds",
                         "connect_timeout_seconds", "max_response_kib", "max_redirects", "enable_exponential_backoff",
                         "retry_delay", "jitter_factor"});
  Request request;
  request.method = method_from(options);
  std::string url = url_text(written.value("url", Json()), renderer);
  request.headers = stock::text_members(options.object("headers"), "handler_config headers");
  request.ca_file = outside.ca_file();
  if (const auto name = options.text("service", ""); !name.empty()) {
    const Service& service = outside.service(name);
    if (!url.starts_with('/')) options.fail("names a service, so \"url\" must be a path that begins with /");
    url = service.base + url;
    std::erase_if(request.headers, [&](const auto& header) { return has_header(service.headers, header.first.c_str()); });
    request.headers.insert(request.headers.end(), service.headers.begin(), service.headers.end());
    if (!service.ca_file.empty()) request.ca_file = service.ca_file;
  }
  request.url = url_from(with_query(url, query_from(options.object("params"))));
  outside.check_allowed(request.url);
  for (const auto& [name, value] : request.headers) check_header(name, value);

  const Options ssl(options.object("ssl"), "handler_config ssl", {"verify", "ca_file"});
  request.verify = ssl.flag("verify", true);
  request.ca_file = ssl.text("ca_file", request.ca_file);
  set_body(request, options);
  set_limits(request, options);
  add_default(request.headers, "Accept", "application/json");
  add_default(request.headers, "X-Correlation-ID", call.correlation_id());
  add_default(request.headers, "traceparent", call.traceparent());
  if (const auto left = call.raw_call().timeout_ms; left > 0)
    request.timeout = std::min(request.timeout, milliseconds(left));
  return request;
}

}  // namespace std_http
