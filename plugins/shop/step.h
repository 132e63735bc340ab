// A handler of an example: as tasker::Handler, but JSON that lacks a member, or has one of another type,
// fails the step for good. A context passed its schema; what is left are records that are not as they should
// be, and another attempt would find the same.
#pragma once

#include <tasker/sdk.h>

#include <string>

namespace shop {

template <tasker::Name kName, auto kMember>
struct Step : tasker::Handler<kName, kMember> {
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

}  // namespace shop
