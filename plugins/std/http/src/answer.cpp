#include "answer.h"

#include <algorithm>
#include <cctype>

namespace std_http {
namespace {

using tasker::Json;

bool says_json(const Answer& answer) {
  const std::string* type = answer.header("content-type");
  if (type == nullptr) return false;
  std::string essence = type->substr(0, type->find(';'));
  while (!essence.empty() && essence.back() == ' ') essence.pop_back();
  std::transform(essence.begin(), essence.end(), essence.begin(), [](unsigned char c) { return std::tolower(c); });
  return essence == "application/json" || essence.ends_with("+json");
}

Json parsed(const std::string& body) {
  if (tasker::nests_too_deep(std::string_view(body)))
    throw tasker::PermanentError("the answer's JSON nests deeper than 100 levels", "http.bad_answer");
  Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded())
    throw tasker::RetryableError("the answer says it is JSON and is not", std::nullopt, "http.bad_answer");
  return json;
}

// The JSON library knows what UTF-8 is.
bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

std::string base64(const std::string& bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto left = std::min<std::size_t>(3, bytes.size() - i);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= left ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

}  // namespace

Json to_result(const Answer& answer) {
  Json headers = Json::object();
  for (const auto& [name, value] : answer.headers)
    if (is_utf8(value)) headers[name] = value;
  Json result = {{"status", answer.status}, {"headers", std::move(headers)}, {"url", answer.url}};
  if (answer.body.empty()) result["body"] = nullptr;
  else if (!is_utf8(answer.body)) result["body_base64"] = base64(answer.body);
  else result["body"] = says_json(answer) ? parsed(answer.body) : Json(answer.body);
  return result;
}

}  // namespace std_http
