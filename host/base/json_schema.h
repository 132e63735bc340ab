// JSON Schema (draft 7) over JSON text. The schema is checked when it is compiled, so that a mistake in it
// shows at load and not at the first task. Immutable once compiled: validate() and apply_defaults() may run
// on [any] threads at once.
//
// An evaluator of our own, and not a library: patterns run on RE2, whose time is linear in the text
// (std::regex takes seconds for `^(a+)+$` and crashes on long strings), numbers keep their text, and problems
// are JSON pointers. Limits: no remote or recursive-without-progress `$ref`, patterns of at most 1,024 bytes
// that RE2 can take (no back-references, no look-around), schemas of at most 256 KiB.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker {

class JsonSchema {
 public:
  struct Problem {
    std::string pointer;  // where in the document: "/items/0/price"; empty: the document itself
    std::string message;
  };

  // Code::invalid_argument, with the JSON pointer of the fault inside the schema.
  static Result<JsonSchema> compile(std::string_view schema_text);

  // Empty when the document is valid; at most 20 problems. Text that is no JSON is one problem.
  std::vector<Problem> validate(std::string_view document) const;

  // The document with absent members that have a `default` in the schema inserted, at the top and in nested
  // objects (also in objects that a default brings in). All other text stays as it is, numbers and spaces
  // included.
  std::string apply_defaults(std::string_view document) const;

  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<const Compiled> compiled);
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace tasker
