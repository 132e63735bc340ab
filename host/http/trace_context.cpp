#include "http/trace_context.h"

namespace tasker::http {
namespace {

constexpr std::size_t kLength = 55;  // of version 00
constexpr std::size_t kLongest = 256;

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }
bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

}  // namespace

bool is_traceparent(std::string_view text) {
  if (text.size() < kLength || text.size() > kLongest) return false;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version) || version == "ff") return false;
  if (text.size() > kLength && (version == "00" || text[kLength] != '-')) return false;
  for (const char c : text.substr(kLength)) {
    if (c <= ' ' || c >= 0x7F) return false;
  }
  return is_id(text.substr(3, 32)) && is_id(text.substr(36, 16)) && is_hex(text.substr(53, 2));
}

}  // namespace tasker::http
