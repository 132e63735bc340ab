// PostgreSQL's text form of arrays, written and read fast: a batch travels as a handful of array parameters. [any].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tasker::store {

// Appends element by element; take() closes and answers the literal: {1,2,"a \"b\"",NULL}
class ArrayLiteral {
 public:
  ArrayLiteral() { text_.push_back('{'); }
  explicit ArrayLiteral(std::size_t bytes) : ArrayLiteral() { text_.reserve(bytes); }

  void add(std::int64_t value);
  // Quoted and escaped. NUL and bytes that are not UTF-8, which no text column can hold, become U+FFFD.
  void add(std::string_view text);
  // JSON keeps its bytes; what no JSON may hold (NUL, bytes that are not UTF-8) becomes a control character, so that
  // PostgreSQL refuses the row instead of storing something else.
  void add_json(std::string_view text);
  void add_json_or_null(std::string_view text) { text.empty() ? add_null() : add_json(text); }
  // As add(), but NULL for the empty text.
  void add_or_null(std::string_view text) { text.empty() ? add_null() : add(text); }
  void add_null();
  // A word that needs no quotes.
  void add_word(std::string_view word);

  std::string take();

 private:
  void separate() {
    if (text_.size() > 1) text_.push_back(',');
  }
  std::string text_;
};

inline constexpr std::string_view kEmptyArray = "{}";

// One level of elements; NULL becomes the empty text. Only for what PostgreSQL itself printed.
std::vector<std::string> read_text_array(std::string_view literal);
std::vector<std::int64_t> read_integer_array(std::string_view literal);

}  // namespace tasker::store
