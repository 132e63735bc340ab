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
  std::string label() const { return namespace_name + "/" + name + " " + version; }
  bool operator==(const Binding&) const = default;
};

struct BoundWorkflow {
  std::vector<Binding> bindings;  // of each step, in their order
  std::string source;             // the YAML, as it was dropped
};

std::string write_bound(const std::vector<Binding>& bindings, const std::string& source);

// The inverse; an error when the text was not made by write_bound.
Result<BoundWorkflow> read_bound(const std::string& text);

// `base`: the version that the YAML gives itself.
std::string bound_version(std::string_view base, std::string_view sha256);
std::string_view base_of_bound(std::string_view version);
bool is_bound_version(std::string_view version, std::string_view sha256);

}  // namespace tasker::plugin
