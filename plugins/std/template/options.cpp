#include "options.h"

#include <algorithm>
#include <cmath>

namespace stock {

Options::Options(const Json& object, std::string what, std::initializer_list<std::string_view> known)
    : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) fail("is not an object");
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string list;
    for (const auto& word : known) list += (list.empty() ? "" : ", ") + std::string(word);
    fail("has no option \"" + key + "\"" + (list.empty() ? ": it takes none" : "; there are: " + list));
  }
}

const Json* Options::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string Options::text(const char* key) const {
  auto text = this->text(key, "");
  if (text.empty()) fail("needs \"" + std::string(key) + "\", a text");
  return text;
}

std::string Options::text(const char* key, std::string otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) fail("\"" + std::string(key) + "\" must be a text");
  return value->get<std::string>();
}

bool Options::flag(const char* key, bool otherwise) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) fail("\"" + std::string(key) + "\" must be true or false");
  return value->get<bool>();
}

std::int64_t Options::integer(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const {
  const double value = number(key, static_cast<double>(otherwise), static_cast<double>(least), static_cast<double>(most));
  if (value != std::floor(value)) fail("\"" + std::string(key) + "\" must be a whole number");
  return static_cast<std::int64_t>(value);
}

double Options::number(const char* key, double otherwise, double least, double most) const {
  const Json* value = find(key);
  if (value == nullptr) return otherwise;
  const double found = value->is_number() ? value->get<double>() : NAN;
  if (!(found >= least && found <= most))
    fail("\"" + std::string(key) + "\" must be a number within " + Json(least).dump() + " to " + Json(most).dump());
  return found;
}

std::vector<std::string> Options::texts(const char* key) const {
  const Json* value = find(key);
  std::vector<std::string> list;
  if (value == nullptr) return list;
  if (!value->is_array()) fail("\"" + std::string(key) + "\" must be an array of texts");
  for (const auto& element : *value) {
    if (!element.is_string()) fail("\"" + std::string(key) + "\" must hold texts only");
    list.push_back(element.get<std::string>());
  }
  return list;
}

const Json& Options::object(const char* key) const {
  static const Json kEmpty = Json::object();
  const Json* value = find(key);
  if (value == nullptr) return kEmpty;
  if (!value->is_object()) fail("\"" + std::string(key) + "\" must be an object");
  return *value;
}

void Options::fail(const std::string& sentence) const {
  throw tasker::PermanentError(what_ + " " + sentence, "config.invalid");
}

std::vector<std::pair<std::string, std::string>> text_members(const Json& object, const std::string& what) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [key, value] : object.items()) {
    if (value.is_object() || value.is_array() || value.is_null())
      throw tasker::PermanentError(what + "/" + key + " must be a text", "config.invalid");
    members.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return members;
}

}  // namespace stock
