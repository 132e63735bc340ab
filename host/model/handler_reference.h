// A handler of another plugin, as a step's `handler_class` names it: namespace/name@range#handler. Which version that is, is
// decided elsewhere, from what is loaded. Pure; [any] thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::model {

struct HandlerReference {
  std::string namespace_name;
  std::string name;
  std::string range;    // of versions, or one; empty: the plugin's default
  std::string handler;  // as a step of that plugin names it

  std::string plugin() const { return namespace_name + "/" + name; }
};

// Whether the text means one, well or badly formed: no name of a handler has these characters.
bool is_handler_reference(std::string_view handler_class);

// Code::template_invalid, with what is wrong.
Result<HandlerReference> parse_handler_reference(std::string_view handler_class);

}  // namespace tasker::model
