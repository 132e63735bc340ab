// A handler of an example: as tasker::Handler, but JSON that lacks a member, or has one of another type,
// fails the step for good. A context passed its schema; what is left are records that are not as they should
// be, and another attempt would find the same.
#pragma once

#include <tasker/sdk.h>

#include <string>

#include "template/options.h"

namespace shop {

// The handler reads its handler_config itself, and refuses what it does not know.
template <tasker::Name kName, auto kMember>
struct ConfiguredStep : tasker::Handler<kName, kMember> {
  using Base = tasker::Handler<kName, kMember>;
  using Base::Base;

  template <class State>
  tasker::Json run(State& state, tasker::Call& call) {
    try {
      return Base::run(state, call);
    } catch (const tasker::Json::exception& error) {
      throw tasker::PermanentError(
          std::string("what this step works on is not as it should be: ") + error.what(), "input.malformed");
    }
  }
};

// Its handler_config may have these options and no others, which would be without effect.
template <tasker::Name kName, auto kMember, tasker::Name... kOptions>
struct Step : ConfiguredStep<kName, kMember> {
  using Base = ConfiguredStep<kName, kMember>;
  using Base::Base;

  template <class State>
  tasker::Json run(State& state, tasker::Call& call) {
    if (!call.config().is_null())
      stock::Options(call.config(), std::string(call.step_name()) + "'s handler_config", {kOptions.text...});
    return Base::run(state, call);
  }
};

}  // namespace shop
