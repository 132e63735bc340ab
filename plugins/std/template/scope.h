// What the JSON pointers of a handler_config look into: one document with the members `context`, `inputs`, `task` and
// `step`. Nothing is copied: context and inputs stay those of the call. Lives as long as the call that it is made
// from; used by one thread.
#pragma once

#include <tasker/sdk.h>

#include <optional>
#include <string>
#include <string_view>

namespace stock {

using tasker::Json;

class Scope {
 public:
  explicit Scope(tasker::Call& call) : call_(call) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  struct Found {
    const Json* value = nullptr;
    std::string reason;  // why there is no value
  };
  // `pointer` as in RFC 6901, "/context/order/id". The pointer of the whole document, "", finds nothing.
  Found find(std::string_view pointer);

 private:
  const Json* root(std::string_view name);
  const Json& task();
  const Json& step();

  tasker::Call& call_;
  std::optional<Json> task_, step_;
};

// From `from` on, as the rest of a pointer says: "" is `from` itself. `reached` is how the reason calls `from`.
Scope::Found follow(const Json& from, std::string_view pointer, std::string reached);

// Null when `text` is a JSON pointer, else what is wrong with it.
const char* wrong_with_pointer(std::string_view text);

}  // namespace stock
