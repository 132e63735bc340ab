// Reads the members of a JSON object with their types and limits: a handler_config that was filled in, or a plugin's
// configuration. Unknown members are refused, so that a misspelt one is not ignored. Errors are PermanentError
// config.invalid. One thread.
#pragma once

#include <tasker/sdk.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stock {

using tasker::Json;

class Options {
 public:
  // `what` names the object in errors: "handler_config". `object` must outlive this.
  Options(const Json& object, std::string what, std::initializer_list<std::string_view> known);

  bool has(const char* key) const { return find(key) != nullptr; }
  // Null when absent; a member that is null counts as absent.
  const Json* find(const char* key) const;

  std::string text(const char* key) const;  // needed, and not empty
  std::string text(const char* key, std::string otherwise) const;
  bool flag(const char* key, bool otherwise) const;
  std::int64_t integer(const char* key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const;
  double number(const char* key, double otherwise, double least, double most) const;
  std::vector<std::string> texts(const char* key) const;  // empty when absent
  const Json& object(const char* key) const;              // an empty one when absent

  [[noreturn]] void fail(const std::string& sentence) const;

 private:
  const Json& object_;
  const std::string what_;
};

// The same object's text members, each checked to be text: headers, variables.
std::vector<std::pair<std::string, std::string>> text_members(const Json& object, const std::string& what);

}  // namespace stock
