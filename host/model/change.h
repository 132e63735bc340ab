// One difference between two versions of a template, and what it means to those who use the older one. Values.
#pragma once

#include <string>

namespace tasker::model {

enum class Effect {
  safe,     // whoever uses the older version need do nothing
  notable,  // works on, in another way
  breaking  // may break somebody
};

struct Change {
  Effect effect = Effect::safe;
  std::string part;  // "step", "schema", "limits", "version", "contract": for scripts
  std::string what;  // one sentence
};

}  // namespace tasker::model
