#include "render.h"

namespace stock {
namespace {

[[noreturn]] void fail(const std::string& where, const std::string& what, const char* code) {
  throw tasker::PermanentError("handler_config " + where + ": " + what, code);
}

std::string text_of(const Json& value, std::string_view pointer, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  fail(where, "what is at " + std::string(pointer) + " is " + (value.is_null() ? "" : "an ") + value.type_name() +
                  ", which has no place within a text; {\"$from\": …} takes values whole",
       "template.not_text");
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved.find(c) != std::string_view::npos) encoded += c;
    else encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return encoded;
}

Json Renderer::value(const Json& written, const std::string& where) {
  if (written.is_string()) return text(written.get_ref<const std::string&>(), where);
  if (written.is_object()) return object(written, where);
  if (!written.is_array()) return written;
  Json filled = Json::array();
  for (std::size_t i = 0; i < written.size(); ++i) filled.push_back(value(written[i], where + "/" + std::to_string(i)));
  return filled;
}

Json Renderer::object(const Json& written, const std::string& where) {
  if (written.contains("$from")) return from(written, where);
  if (const auto literal = written.find("$literal"); literal != written.end()) {
    if (written.size() != 1) fail(where, "$literal stands alone in its object", "template.invalid");
    return *literal;
  }
  Json filled = Json::object();
  for (const auto& [key, member] : written.items()) filled[key] = value(member, where + "/" + key);
  return filled;
}

Json Renderer::from(const Json& written, const std::string& where) {
  const Json& pointer = written["$from"];
  const auto otherwise = written.find("default");
  if (!pointer.is_string() || written.size() != (otherwise == written.end() ? 1U : 2U))
    fail(where, "beside \"$from\", a JSON pointer, there may be \"default\" and nothing else", "template.invalid");
  const auto found = look(pointer.get_ref<const std::string&>(), where);
  if (found.value != nullptr) return *found.value;
  if (otherwise != written.end()) return *otherwise;
  fail(where, "there is nothing at " + pointer.get<std::string>() + ": " + found.reason, "template.not_found");
}

std::string Renderer::text(std::string_view written, const std::string& where, Insertion insertion) {
  std::string filled;
  for (auto brace = written.find("{/"); brace != std::string_view::npos; brace = written.find("{/")) {
    if (brace > 0 && written[brace - 1] == '{') {  // {{/ stands for {/
      filled += written.substr(0, brace - 1);
      filled += "{/";
      written.remove_prefix(brace + 2);
      continue;
    }
    const auto end = written.find('}', brace);
    if (end == std::string_view::npos)
      fail(where, "the pointer that begins with {/ has no } at its end; {{/ stands for {/ itself", "template.invalid");
    const auto pointer = written.substr(brace + 1, end - brace - 1);
    const auto found = look(pointer, where);
    if (found.value == nullptr)
      fail(where, "there is nothing at " + std::string(pointer) + ": " + found.reason, "template.not_found");
    const std::string piece = text_of(*found.value, pointer, where);
    filled += written.substr(0, brace);
    filled += insertion == Insertion::percent_encoded ? percent_encoded(piece) : piece;
    written.remove_prefix(end + 1);
  }
  return filled.append(written);
}

Scope::Found Renderer::look(std::string_view pointer, const std::string& where) {
  if (const char* wrong = wrong_with_pointer(pointer); wrong != nullptr)
    fail(where, std::string(pointer) + " is no pointer: " + wrong, "template.invalid");
  return scope_.find(pointer);
}

}  // namespace stock
