// A workflow without code: a template dropped as NAME-VERSION.yaml, whose steps run handlers of plugins. Bound to the versions of
// those plugins that are there, it is a version of its own, "1.0.0+bound.<8 digits of its hash>": tasks that have it stay with
// these versions, and when others come the workflow is bound anew beside it. Its text, with the bindings ahead, is what is
// hashed and kept, so that every host makes the same version of the same parts, also after a restart. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker::plugin {

struct Binding {
  std::string namespace_name, name, version, sha256;
  auto operator<=>(const Binding&) const = default;
};

struct BoundWorkflow {
  std::vector<Binding> bindings;  // sorted, each once
  std::string source;             // the YAML, as it was dropped
};

// `bindings` in any order, repeated as often as steps use them.
std::string write_bound(std::vector<Binding> bindings, const std::string& source);

// The inverse; an error when the text was not made by write_bound.
Result<BoundWorkflow> read_bound(const std::string& text);

// `base`: the version that the YAML gives itself.
std::string bound_version(std::string_view base, std::string_view sha256);
bool is_bound_version(std::string_view version, std::string_view sha256);

}  // namespace tasker::plugin
