#include "app/api_client.h"

#include <curl/curl.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include <spdlog/fmt/fmt.h>

#include "app/data_dir.h"

namespace tasker::app {
namespace {

constexpr const char* kDefaultServer = "http://127.0.0.1:8765";
constexpr std::size_t kMaxAnswer = 64u << 20;
constexpr std::size_t kMaxTold = 20;  // things that are wrong, told one by one

Code code_of_status(long status) {
  switch (status) {
    case 401:
    case 403: return Code::not_allowed;
    case 404: return Code::not_found;
    case 409:
    case 412: return Code::conflict;
    case 503: return Code::overloaded;
    case 504: return Code::timed_out;
    default: return status >= 500 ? Code::internal : Code::invalid_argument;
  }
}

std::string text_in(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Where in the request, behind the sentence: the pointer alone while nothing but the first task can be meant.
std::string place_of(const nlohmann::json& error) {
  const auto index = error.find("index");
  const bool names_task = index != error.end() && index->is_number_integer() && *index > 0;
  // The sentence names the template itself; on a command line there is no such field.
  const auto pointer = text_in(error, "pointer");
  if (!names_task && (pointer == "/name" || pointer == "/namespace" || pointer == "/version")) return {};
  const auto place = (names_task ? fmt::format("/tasks/{}", index->get<std::int64_t>()) : "") + pointer;
  return place.empty() ? "" : fmt::format(" ({})", place);
}

// What is wrong, thing by thing. A command may send one task many times: what is wrong with it is said once.
std::vector<std::string> things_wrong(const nlohmann::json& problem) {
  std::vector<std::string> things, seen;
  const auto errors = problem.find("errors");
  if (errors == problem.end() || !errors->is_array()) return things;
  for (const auto& error : *errors) {
    if (!error.is_object()) continue;
    auto kind = text_in(error, "pointer") + " " + text_in(error, "detail");
    if (std::find(seen.begin(), seen.end(), kind) != seen.end()) continue;
    seen.push_back(std::move(kind));
    things.push_back(text_in(error, "detail") + place_of(error));
  }
  return things;
}

// problem+json as an error: its sentence, or one line for each thing that is wrong with the tasks.
Error error_of(const std::string& body, long status) {
  const auto problem = nlohmann::json::parse(body, nullptr, false);
  if (!problem.is_object())
    return make_error(status < 500 ? code_of_status(status) : Code::server_bad_answer,
                      fmt::format("the server answered with status {}", status));
  const auto things = things_wrong(problem);
  auto sentence = text_in(problem, "detail");
  if (sentence.empty()) sentence = text_in(problem, "title");
  if (things.size() == 1) sentence = things.front();
  if (things.size() > 1) {
    sentence = fmt::format("{} things are wrong:", things.size());
    for (std::size_t i = 0; i < std::min(things.size(), kMaxTold); ++i) sentence += "\n  " + things[i];
    if (things.size() > kMaxTold) sentence += fmt::format("\n  and {} more", things.size() - kMaxTold);
  }
  const bool may_pass = status == 429 || status == 503 || status == 504;
  return make_error(code_from_text(text_in(problem, "code")).value_or(code_of_status(status)), sentence,
                    may_pass ? Retry::later : Retry::never);
}

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kMaxAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

int ask_whether_cancelled(void* options, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& is_cancelled = static_cast<ApiClient::Options*>(options)->is_cancelled;
  return is_cancelled && is_cancelled() ? 1 : 0;
}

}  // namespace

std::string choose_server(const std::string& flag) {
  if (!flag.empty()) return flag;
  if (const char* named = std::getenv("TASKER_SERVER"); named != nullptr && *named != '\0') return named;
  return read_address(default_data_dir()).value_or(kDefaultServer);
}

class ApiClient::Impl {
 public:
  Impl(std::string server, Options options) : server_(std::move(server)), options_(std::move(options)) {
    static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    (void)initialised;
    while (server_.ends_with('/')) server_.pop_back();
    if (server_.find("://") == std::string::npos) server_ = "http://" + server_;
    base_ = server_.find('/', server_.find("://") + 3) == std::string::npos ? server_ + "/tasker" : server_;
    handle_ = curl_easy_init();
  }
  ~Impl() { curl_easy_cleanup(handle_); }

  Result<std::string> request(const char* method, const std::string& path, const std::string* body,
                              const std::string& idempotency_key = {}) {
    if (handle_ == nullptr) return make_error(Code::internal, "the HTTP client could not be made");
    std::string answer;
    const auto url = base_ + path;
    curl_easy_reset(handle_);  // keeps the connection
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_deadline.count()));
    curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.deadline.count()));
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(handle_, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(handle_, CURLOPT_XFERINFOFUNCTION, ask_whether_cancelled);
    curl_easy_setopt(handle_, CURLOPT_XFERINFODATA, &options_);
    curl_easy_setopt(handle_, CURLOPT_NOPROGRESS, 0L);
    // Hosts on this machine are not behind a proxy, whatever the environment says of the world.
    curl_easy_setopt(handle_, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl_slist* headers = curl_slist_append(nullptr, "Accept: application/json");
    if (body != nullptr) {
      headers = curl_slist_append(headers, "Content-Type: application/json");
      headers = curl_slist_append(headers, "Expect:");
      if (!idempotency_key.empty()) headers = curl_slist_append(headers, ("Idempotency-Key: " + idempotency_key).c_str());
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body->c_str());
    }
    if (std::string_view(method) != "GET" && std::string_view(method) != "POST") curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers);
    const auto outcome = curl_easy_perform(handle_);
    curl_slist_free_all(headers);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    if (options_.verbose) tell(method, url, outcome, status, answer.size());
    if (outcome != CURLE_OK) return failure(outcome);
    if (status >= 200 && status < 300) return answer;
    return error_of(answer, status);
  }

  const std::string& server() const { return server_; }

 private:
  void tell(const char* method, const std::string& url, CURLcode outcome, long status, std::size_t bytes) const {
    double seconds = 0;
    curl_easy_getinfo(handle_, CURLINFO_TOTAL_TIME, &seconds);
    const auto end = outcome == CURLE_OK ? fmt::format("{}, {} bytes", status, bytes) : std::string(curl_easy_strerror(outcome));
    std::fprintf(stderr, "%s %s: %s, %.0f ms\n", method, url.c_str(), end.c_str(), seconds * 1000);
  }

  Error failure(CURLcode outcome) const {
    if (outcome == CURLE_ABORTED_BY_CALLBACK) return make_error(Code::command_interrupted, "interrupted");
    if (outcome == CURLE_WRITE_ERROR)
      return make_error(Code::server_bad_answer, fmt::format("the answer of {} is larger than 64 MiB", server_));
    if (double connected = 0; outcome == CURLE_OPERATION_TIMEDOUT &&
                              curl_easy_getinfo(handle_, CURLINFO_CONNECT_TIME, &connected) == CURLE_OK && connected > 0)
      return make_error(Code::timed_out,
                        fmt::format("{} took the request and has not answered within {} ms. It may have been carried out: "
                                    "look before you repeat it.", server_, options_.deadline.count()),
                        Retry::later);
    if (outcome == CURLE_UNSUPPORTED_PROTOCOL || outcome == CURLE_URL_MALFORMAT)
      return make_error(Code::command_invalid, fmt::format("'{}' is not the address of a server; write it like {}", server_,
                                                           kDefaultServer));
    return make_error(Code::server_unreachable,
                      fmt::format("no answer from {}: {}. Is a host running? Start one with `tasker dev`, or name it "
                                  "with --server or TASKER_SERVER.", server_, curl_easy_strerror(outcome)),
                      Retry::later);
  }

  std::string server_;
  std::string base_;
  Options options_;
  CURL* handle_ = nullptr;
};

ApiClient::ApiClient(std::string server, Options options)
    : impl_(std::make_unique<Impl>(std::move(server), std::move(options))) {}
ApiClient::~ApiClient() = default;
Result<std::string> ApiClient::get(const std::string& path) { return impl_->request("GET", path, nullptr); }
Result<std::string> ApiClient::post(const std::string& path, const std::string& body, const std::string& idempotency_key) {
  return impl_->request("POST", path, &body, idempotency_key);
}
Result<std::string> ApiClient::put(const std::string& path, const std::string& body) { return impl_->request("PUT", path, &body); }
Result<std::string> ApiClient::remove(const std::string& path) { return impl_->request("DELETE", path, nullptr); }
const std::string& ApiClient::server() const { return impl_->server(); }

std::string ApiClient::escape(const std::string& text) {
  char* escaped = curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size()));
  std::string out = escaped == nullptr ? "" : escaped;
  curl_free(escaped);
  return out;
}

}  // namespace tasker::app
