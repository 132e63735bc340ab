#include "http/json_cursor.h"

#include <array>

#include "base/json_scanner.h"

namespace tasker::http {
namespace {

// What a skip over a container has to look at; everything else is passed by.
constexpr std::array<bool, 256> make_marks() {
  std::array<bool, 256> marks{};
  for (char c : {'"', '{', '}', '[', ']'}) marks[static_cast<unsigned char>(c)] = true;
  return marks;
}
constexpr std::array<bool, 256> kMarks = make_marks();

}  // namespace

void JsonCursor::skip_space() {
  while (json::is_space(here())) ++at_;
}

JsonKind JsonCursor::kind() const { return json::kind_at(here()); }

void JsonCursor::enter() {
  ++at_;
  skip_space();
}

bool JsonCursor::next_item() {
  if (here() == ',') {
    ++at_;
    skip_space();
    return true;
  }
  if (here() != '}' && here() != ']') return at_ < text_.size();
  ++at_;
  skip_space();
  return false;
}

bool JsonCursor::next_member(std::string& key) {
  if (!next_item()) return false;
  key = decode_string(value());
  ++at_;  // the colon
  skip_space();
  return true;
}

bool JsonCursor::next_element() {
  return next_item();
}

std::string_view JsonCursor::value() {
  const std::size_t begin = at_;
  if (here() == '"') {
    skip_string();
  } else if (here() == '{' || here() == '[') {
    skip_container();
  } else {
    while (at_ < text_.size() && std::string_view(",]} \n\r\t").find(text_[at_]) == std::string_view::npos)
      ++at_;
  }
  const std::string_view out = text_.substr(begin, at_ - begin);
  skip_space();
  return out;
}

void JsonCursor::skip_string() {
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    if (text_[at_] == '\\') ++at_;
  }
  if (at_ < text_.size())
    ++at_;
  else
    at_ = text_.size();
}

void JsonCursor::skip_container() {
  int depth = 0;
  do {
    while (at_ < text_.size() && !kMarks[static_cast<unsigned char>(text_[at_])]) ++at_;
    const char mark = here();
    if (mark == '"') {
      skip_string();
      continue;
    }
    depth += mark == '{' || mark == '[' ? 1 : -1;
    ++at_;
  } while (depth > 0 && at_ < text_.size());
}

std::string decode_string(std::string_view quoted) {
  if (quoted.size() < 2) return {};
  if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
  std::string out;
  json::append_unescaped(quoted, out);
  return out;
}

}  // namespace tasker::http
