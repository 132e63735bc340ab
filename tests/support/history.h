// A random history: graphs, and a list of things that happen to tasks of them. Everything that happens is
// drawn from its own number when it is played, by what the model holds then, so that parts may be left out
// and the rest still makes sense: a history that fails is made smaller by leaving out whatever it fails
// without. No store, no clock.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/reference_model.h"

namespace tasker::test {

struct Happening {
  enum class Kind {
    submit,
    claim,
    complete,
    repeat,
    hand_back,
    die,
    leave,
    call_of_the_dead,
    operate,
    pass,
    look
  };
  Kind kind;
  unsigned salt;  // all else is drawn from it
};

struct History {
  std::vector<ModelGraph> graphs;
  std::vector<Happening> happenings;

  static History random(unsigned seed, int length);
  std::string text() const;
};

// `failure_of` plays a history and answers what went wrong, "" for nothing. Tries at most `tries` smaller
// ones.
using FailureOf = std::function<std::string(const History&)>;
History shrunk(History failing, const FailureOf& failure_of, int tries = 250);

}  // namespace tasker::test
