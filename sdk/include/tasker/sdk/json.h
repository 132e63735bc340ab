// JSON in and out of handlers, and text across the C contract. Parsing is bounded in depth, because printing
// nested JSON recurses and a plugin that overflows its stack takes the host with it.
#pragma once

#include <tasker/plugin.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "tasker/sdk/errors.h"

namespace tasker {
inline namespace sdk_v1 {

using Json = nlohmann::json;

// JSON that is text already. A handler returns it to pass text on byte for byte: Json would round long numbers.
struct JsonText {
  std::string text;
};

inline constexpr int kMaxJsonDepth = 100;

inline std::string_view view(const tasker_str& text) {
  return text.data ? std::string_view(text.data, static_cast<std::size_t>(text.size)) : std::string_view();
}

inline tasker_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// True if the text nests arrays and objects deeper than kMaxJsonDepth. Looks at brackets outside strings only.
inline bool nests_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

inline bool nests_too_deep(const Json& json, int room = kMaxJsonDepth) {
  if (!json.is_structured()) return false;
  if (room == 0) return true;
  for (const Json& child : json) {
    if (nests_too_deep(child, room - 1)) return true;
  }
  return false;
}

// Absent text is null. `what` names the input in the error: "context".
inline Json parse_input(std::string_view text, std::string_view what) {
  if (text.empty()) return nullptr;
  if (nests_too_deep(text)) {
    throw PermanentError("the " + std::string(what) + " nests deeper than 100 levels", "plugin.bad_input");
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw PermanentError("the " + std::string(what) + " is not JSON: " + error.what(), "plugin.bad_input");
  }
}

inline std::string print_output(const Json& json, std::string_view what) {
  if (nests_too_deep(json)) {
    throw PermanentError("the " + std::string(what) + " nests deeper than 100 levels", "plugin.bad_result");
  }
  try {
    return json.dump();
  } catch (const Json::exception& error) {
    throw PermanentError("the " + std::string(what) + " is not JSON: " + error.what(), "plugin.bad_result");
  }
}

}  // namespace sdk_v1
}  // namespace tasker
