#include "http/cursor.h"

#include <cstdint>

namespace tasker::http {
namespace {

constexpr std::size_t kLongest = 1024;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  return c == '_' ? 63 : -1;
}

}  // namespace

std::optional<std::string> place_in_cursor(std::string_view kind, std::string_view cursor) {
  if (cursor.size() > kLongest || cursor.size() % 4 == 1) return std::nullopt;
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : cursor) {
    const int value = value_of(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFu;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    text += static_cast<char>(bits >> held & 0xFFu);
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;  // letters that nobody writes
  if (!text.starts_with(kind) || text.size() <= kind.size() + 1 || text[kind.size()] != ':') return std::nullopt;
  text.erase(0, kind.size() + 1);
  if (text.find('\0') != std::string::npos) return std::nullopt;
  return text;
}

}  // namespace tasker::http
