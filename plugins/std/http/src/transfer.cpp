#include "transfer.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace std_http {
namespace {

constexpr std::size_t kMaxHeaderBytes = 64 << 10;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

// What libcurl's callbacks see of one exchange.
struct Exchange {
  const tasker::Call& call;
  std::size_t max_bytes;
  std::uint32_t stops_by;  // the stop bits that end it
  Answer answer;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool stopped = false;
};

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  if (exchange.answer.body.size() + count > exchange.max_bytes) {
    exchange.too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.answer.body.append(bytes, count);
  return count;
}

std::string trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view line(bytes, count);
  if (line.starts_with("HTTP/")) exchange.answer.headers.clear();  // a 100 Continue came before
  exchange.header_bytes += count;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.too_large = true;
    return 0;
  }
  if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    std::string name = trimmed(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string& value = exchange.answer.headers[name];
    value += (value.empty() ? "" : ", ") + trimmed(line.substr(colon + 1));
  }
  return count;
}

// libcurl asks at least once a second, also while nothing moves.
int look_whether_to_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.stopped = (exchange.call.stop_bits() & exchange.stops_by) != 0;
  return exchange.stopped ? 1 : 0;
}

List header_list(const Headers& headers) {
  curl_slist* list = nullptr;
  const auto add = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  add("Expect:");  // libcurl would wait a second for a 100 Continue that few servers send
  for (const auto& [name, value] : headers) add(value.empty() ? name + ";" : name + ": " + value);
  return {list, &curl_slist_free_all};
}

void set_method(CURL* curl, const Request& request) {
  if (request.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  else curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.has_body && request.method != "POST") return;
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
}

void set_limits(CURL* curl, const Request& request, milliseconds left) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, left.count())));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
}

void set_tls(CURL* curl, const Request& request) {
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, request.verify ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, request.verify ? 2L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
}

void set_callbacks(CURL* curl, Exchange& exchange) {
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &look_whether_to_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

[[noreturn]] void fail(CURLcode code, const char* detail, const Exchange& exchange, const Request& request) {
  if (exchange.stopped) throw tasker::Cancelled();
  if (exchange.too_large)
    throw tasker::PermanentError("the answer is larger than " + std::to_string(request.max_bytes >> 10U) +
                                     " KiB (max_response_kib), or its head than 64 KiB",
                                 "http.too_large");
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  const std::string place = request.url.scheme + "://" + request.url.host + ":" + request.url.port;
  const bool is_tls = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
                      code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CIPHER;
  throw tasker::RetryableError(request.method + " " + place + ": " + why, std::nullopt,
                               code == CURLE_OPERATION_TIMEDOUT ? "http.timeout" : is_tls ? "http.tls" : "http.unreachable");
}

struct Exchanged {
  Answer answer;
  std::string redirect;  // where to, absolute, or empty
};

Exchanged exchange_once(const Request& request, const tasker::Call& call, const std::string& proxy, milliseconds left) {
  const Handle curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) throw std::bad_alloc();
  // A request that must not be sent twice is rather brought to its end when the host only drains.
  const std::uint32_t stops_by = request.is_idempotent() ? ~0U : ~static_cast<std::uint32_t>(TASKER_STOP_DRAINING);
  Exchange exchange{call, request.max_bytes, stops_by, {}};
  const List headers = header_list(request.headers);
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.text.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "tasker-std-http/1.0.0");
  curl_easy_setopt(curl.get(), CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, proxy.c_str());  // "": none, whatever the environment says
  set_method(curl.get(), request);
  set_limits(curl.get(), request, left);
  set_tls(curl.get(), request);
  set_callbacks(curl.get(), exchange);
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) fail(code, detail, exchange, request);

  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &exchange.answer.status);
  char* redirect = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &redirect);
  exchange.answer.url = request.url.text;
  return {std::move(exchange.answer), redirect == nullptr ? "" : redirect};
}

void turn_to(Request& request, const std::string& target, const Outside& outside) {
  const Url next = url_from(target);
  if (request.url.scheme == "https" && next.scheme == "http")
    throw tasker::PermanentError("the server redirects from https to http", "http.bad_url");
  outside.check_allowed(next);
  if (!next.same_origin(request.url)) request.headers = {{"Accept", "application/json"}};
  request.url = next;
}

}  // namespace

Curl::Curl() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    throw tasker::RetryableError("libcurl cannot be initialised", std::nullopt, "http.no_libcurl");
  // Some of the libraries that libcurl brings along do not survive being unloaded, so they stay when this plugin goes.
  dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

Curl::~Curl() { curl_global_cleanup(); }

Answer transfer(const Request& first, const tasker::Call& call, const Outside& outside) {
  const auto end = std::chrono::steady_clock::now() + first.timeout;
  Request request = first;
  for (int redirects = 0;; ++redirects) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    auto [answer, redirect] = exchange_once(request, call, outside.proxy(), left);
    if (redirect.empty() || !request.is_read()) return std::move(answer);
    if (redirects == request.max_redirects)
      throw tasker::PermanentError("the server redirects more than " + std::to_string(redirects) + " times (max_redirects)",
                                   "http.too_many_redirects");
    turn_to(request, redirect, outside);
  }
}

}  // namespace std_http
