// Walks a JSON text that check_json has accepted, in place, and hands out values as the text that was sent:
// numbers keep their digits, nothing is copied or parsed twice. The check is not repeated here: on a text
// that was not checked the answers are meaningless (though nothing outside the text is read). [any], one
// thread each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tasker::http {

class JsonCursor {
 public:
  explicit JsonCursor(std::string_view checked) : text_(checked) { skip_space(); }

  JsonKind kind() const;  // of the value that comes next
  void enter();           // into the object or array that comes next
  // False behind the last one; the object is then left. The key is decoded; its value must be taken next.
  bool next_member(std::string& key);
  bool next_element();       // the same for arrays
  std::string_view value();  // the next value's text; steps over it

 private:
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space();
  bool next_item();
  void skip_string();
  void skip_container();

  std::string_view text_;
  std::size_t at_ = 0;
};

// The characters of a string value, which comes with its quotes.
std::string decode_string(std::string_view quoted);

}  // namespace tasker::http
