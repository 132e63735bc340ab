#include "store/array_literal.h"

#include <charconv>

#include "base/utf8.h"

namespace tasker::store {
namespace {

void append_escaped(std::string_view text, std::string_view instead, std::string& out) {
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte != 0 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    const std::size_t length = byte == 0 ? 0 : utf8_length(text, at);
    if (length > 1) {
      at += length;
      continue;
    }
    out.append(text, copied, at - copied);
    if (length == 1) {
      out.push_back('\\');
      out.push_back(text[at]);
    } else {
      out.append(instead);
    }
    copied = ++at;
  }
  out.append(text, copied);
}

}  // namespace

void ArrayLiteral::add(std::int64_t value) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text_.append(digits, end);
}

void ArrayLiteral::add(std::string_view text) {
  separate();
  text_.push_back('"');
  append_escaped(text, "\xEF\xBF\xBD", text_);
  text_.push_back('"');
}

void ArrayLiteral::add_json(std::string_view text) {
  separate();
  text_.push_back('"');
  append_escaped(text, "\x01", text_);
  text_.push_back('"');
}

void ArrayLiteral::add_null() {
  separate();
  text_.append("NULL");
}

void ArrayLiteral::add_word(std::string_view word) {
  separate();
  text_.append(word);
}

std::string ArrayLiteral::take() {
  text_.push_back('}');
  return std::move(text_);
}

std::vector<std::string> read_text_array(std::string_view literal) {
  std::vector<std::string> elements;
  if (literal.size() < 3) return elements;
  std::string element;
  bool in_quotes = false, was_quoted = false;
  for (std::size_t at = 1; at < literal.size(); ++at) {
    const char c = literal[at];
    if (in_quotes && c == '\\' && at + 1 < literal.size()) {
      element.push_back(literal[++at]);
    } else if (c == '"') {
      in_quotes = !in_quotes;
      was_quoted = true;
    } else if (!in_quotes && (c == ',' || c == '}')) {
      elements.push_back(!was_quoted && element == "NULL" ? std::string() : std::move(element));
      element.clear();
      was_quoted = false;
    } else {
      element.push_back(c);
    }
  }
  return elements;
}

std::vector<std::int64_t> read_integer_array(std::string_view literal) {
  std::vector<std::int64_t> numbers;
  for (const char* at = literal.data(), *end = at + literal.size(); at < end; ++at) {
    std::int64_t value = 0;
    const auto [stop, failed] = std::from_chars(at, end, value);
    if (failed != std::errc()) continue;
    numbers.push_back(value);
    at = stop;
  }
  return numbers;
}

}  // namespace tasker::store
