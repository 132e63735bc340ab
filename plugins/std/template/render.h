// Fills a handler_config in: `{/context/order/id}` within text, and {"$from": "/inputs/fetch/body"} for a whole value.
// What is filled in is never read as a template again. README.md beside it has the notation. One thread.
#pragma once

#include <string>
#include <string_view>

#include "scope.h"

namespace stock {

// How a value is written into text: as it is, or so that it stays one piece of a URL.
enum class Insertion { verbatim, percent_encoded };

class Renderer {
 public:
  explicit Renderer(Scope& scope) : scope_(scope) {}

  // The value with everything in it filled in. `where` names it in errors: "url". Throws PermanentError
  // template.not_found, template.not_text or template.invalid.
  Json value(const Json& written, const std::string& where);

  // A text with its pointers filled in.
  std::string text(std::string_view written, const std::string& where, Insertion insertion = Insertion::verbatim);

 private:
  Json object(const Json& written, const std::string& where);
  Json from(const Json& written, const std::string& where);
  Scope::Found look(std::string_view pointer, const std::string& where);

  Scope& scope_;
};

// Unreserved characters stay, all others become %XX.
std::string percent_encoded(std::string_view text);

}  // namespace stock
