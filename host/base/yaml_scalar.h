// What a plain YAML scalar means by the core rules of YAML 1.2, and how JSON writes it. Internal to base.
#pragma once

#include <string_view>

#include "base/yaml_tree.h"

namespace tasker::yaml {

// Sets kind and text. False: a number that JSON cannot express (.inf, .nan, a hexadecimal beyond 64 bits).
bool resolve_plain(std::string_view text, Node& node);

}  // namespace tasker::yaml
