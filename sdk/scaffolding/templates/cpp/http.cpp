#include "http.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <memory>

namespace {

constexpr std::size_t kMostBytes = 1 << 20;

// What libcurl's callbacks see of one exchange.
struct Exchange {
  const tasker::Call& call;
  std::string body;
  bool is_too_large = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.is_too_large = exchange.body.size() + count > kMostBytes;
  if (exchange.is_too_large) return 0;
  exchange.body.append(bytes, count);
  return count;
}

// libcurl asks at least once a second, also while nothing moves.
int look_whether_to_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(context)->call.should_stop() ? 1 : 0;
}

using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

List header_list(const HttpClient::Request& request) {
  curl_slist* list = nullptr;
  list = curl_slist_append(list, "Accept: application/json");
  list = curl_slist_append(list, "Content-Type: application/json");
  list = curl_slist_append(list, ("Idempotency-Key: " + request.idempotency_key).c_str());
  return {list, &curl_slist_free_all};
}

}  // namespace

HttpClient::HttpClient() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw tasker::PermanentError("libcurl cannot be used", "http.no_libcurl");
  // Some of the libraries that libcurl brings along do not survive being unloaded, so they stay when the plugin goes.
  dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

HttpClient::~HttpClient() { curl_global_cleanup(); }

// Of handler_config; final when it is no sensible time.
static std::chrono::milliseconds timeout_of(const tasker::Json& config) {
  const tasker::Json seconds = config.value("timeout_seconds", tasker::Json());
  if (seconds.is_null()) return std::chrono::seconds(10);
  if (!seconds.is_number() || seconds.get<double>() < 0.001 || seconds.get<double>() > 3600) {
    throw tasker::PermanentError("timeout_seconds is not a number from 0.001 to 3600", "http.bad_config");
  }
  return std::chrono::milliseconds(static_cast<long>(seconds.get<double>() * 1000));
}

HttpClient::Request HttpClient::request_of(tasker::Call& call) {
  const tasker::Json& config = call.config();
  if (!config.contains("url") || !config["url"].is_string()) {
    throw tasker::PermanentError("the step's handler_config has no url", "http.no_url");
  }
  Request request;
  request.method = config.value("method", "GET");
  request.url = config["url"].get<std::string>();
  if (request.method != "GET") request.body = call.inputs_text();
  request.idempotency_key = call.idempotency_key();
  request.timeout = timeout_of(config);
  return request;
}

HttpClient::Answer HttpClient::send(const Request& request, const tasker::Call& call) const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw std::bad_alloc();
  const List headers = header_list(request);
  Exchange exchange{call, {}};
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, &look_whether_to_stop);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);

  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_ABORTED_BY_CALLBACK) throw tasker::Cancelled();
  if (exchange.is_too_large) throw tasker::PermanentError("the answer is larger than 1 MiB", "http.too_large");
  if (code != CURLE_OK) throw tasker::RetryableError(request.url + ": " + curl_easy_strerror(code), std::nullopt, "http.unreachable");

  Answer answer;
  answer.body = std::move(exchange.body);
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  curl_off_t seconds = 0;  // of the header Retry-After, a number or a date; 0 without one
  curl_easy_getinfo(curl.get(), CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > 0) answer.retry_after = std::chrono::seconds(seconds);
  return answer;
}

void HttpClient::Answer::throw_unless_good() const {
  if (status >= 200 && status <= 226) return;
  const std::string code = "HTTP_" + std::to_string(status);
  const std::string sentence = "the server answered " + std::to_string(status);
  switch (status) {
    case 400: case 401: case 403: case 404: case 422:
      throw tasker::PermanentError(sentence, code);
    case 429: case 503:
      throw tasker::RetryableError(sentence, retry_after, code);
    default:
      throw tasker::RetryableError(sentence, std::nullopt, code);
  }
}

tasker::Json HttpClient::Answer::json() const {
  if (body.empty()) return nullptr;
  if (tasker::nests_too_deep(std::string_view(body)) || !tasker::Json::accept(body)) {
    throw tasker::PermanentError("the server's answer is not JSON", "http.not_json");
  }
  return tasker::Json::parse(body);
}
