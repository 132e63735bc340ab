#include "scope.h"

#include <charconv>

namespace stock {
namespace {

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) text += token[++i] == '1' ? '/' : '~';
    else text += token[i];
  }
  return text;
}

// Cuts the first token off: "/a/b" gives "a" and leaves "/b".
std::string next_token(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const auto end = std::min(pointer.find('/'), pointer.size());
  const auto token = pointer.substr(0, end);
  pointer.remove_prefix(end);
  return unescaped(token);
}

std::optional<std::size_t> index_from(const std::string& token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool has_leading_zero = token.size() > 1 && token.front() == '0';
  if (error != std::errc() || end != token.data() + token.size() || has_leading_zero) return std::nullopt;
  return index;
}

std::string missing_reason(const Json& parent, const std::string& reached, const std::string& token) {
  if (parent.is_object()) return reached + " has no member \"" + token + "\"";
  if (parent.is_array())
    return reached + " is an array of " + std::to_string(parent.size()) + " without an element \"" + token + "\"";
  return reached + " is " + (parent.is_null() ? "null" : std::string("a ") + parent.type_name());
}

const Json* child_of(const Json& parent, const std::string& token) {
  if (parent.is_object()) {
    const auto found = parent.find(token);
    return found == parent.end() ? nullptr : &*found;
  }
  const auto index = parent.is_array() ? index_from(token) : std::nullopt;
  return index && *index < parent.size() ? &parent[*index] : nullptr;
}

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

const char* wrong_with_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return "a JSON pointer begins with /";
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')))
      return "in a JSON pointer ~ is written ~0 and / is written ~1";
  return nullptr;
}

Scope::Found follow(const Json& from, std::string_view pointer, std::string reached) {
  const Json* value = &from;
  while (!pointer.empty()) {
    const std::string token = next_token(pointer);
    const Json* child = child_of(*value, token);
    if (child == nullptr) return {nullptr, missing_reason(*value, reached, token)};
    value = child;
    reached += "/" + token;
  }
  return {value, {}};
}

Scope::Found Scope::find(std::string_view pointer) {
  if (pointer.empty()) return {nullptr, "the pointer is empty"};
  const std::string name = next_token(pointer);
  const Json* value = root(name);
  if (value == nullptr) return {nullptr, "a pointer begins with /context, /inputs, /task or /step"};
  return follow(*value, pointer, "/" + name);
}

const Json* Scope::root(std::string_view name) {
  if (name == "context") return &call_.context();
  if (name == "inputs") return &call_.inputs();
  if (name == "task") return &task();
  if (name == "step") return &step();
  return nullptr;
}

const Json& Scope::task() {
  if (!task_)
    task_ = {{"id", call_.task_id()},
             {"namespace", call_.namespace_name()},
             {"name", call_.template_name()},
             {"version", call_.template_version()},
             {"correlation_id", text_or_null(call_.correlation_id())}};
  return *task_;
}

const Json& Scope::step() {
  if (!step_)
    step_ = {{"id", call_.step_id()},
             {"name", call_.step_name()},
             {"attempt", call_.attempt()},
             {"retry_limit", call_.retry_limit()},
             {"idempotency_key", call_.idempotency_key()}};
  return *step_;
}

}  // namespace stock
