// From handlers to the exported table. Handler and ClassHandler name what runs a step, TASKER_PLUGIN stands once in
// a plugin and defines tasker_plugin_v1. The state object is made by init from the plugin's configuration, shared by
// all attempts, and destroyed by fini: a plugin needs no globals.
#pragma once

#include <tasker/plugin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tasker/sdk/call.h"
#include "tasker/sdk/guard.h"
#include "tasker/sdk/host.h"
#include "tasker/sdk/json.h"

namespace tasker {
inline namespace sdk_v1 {

// For plugins that keep nothing between attempts.
struct NoState {};

// A string literal as a template argument.
template <std::size_t N>
struct Name {
  char text[N] = {};
  consteval Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT: implicit on purpose
};

// A function, a member function of the state, or a lambda without captures. It takes (State&, Call&) or (Call&)
// and returns what Json can be made of, JsonText, or nothing.
template <Name kName, auto kCallable>
struct Handler {
  static constexpr tasker_str name = {kName.text, sizeof(kName.text) - 1};
  template <class State>
  explicit Handler(State&) {}

  template <class State>
  decltype(auto) run(State& state, Call& call) {
    using Callable = decltype(kCallable);
    if constexpr (std::is_invocable_v<Callable, State&, Call&>) {
      return std::invoke(kCallable, state, call);
    } else {
      static_assert(std::is_invocable_v<Callable, Call&>,
                    "a handler takes (tasker::Call&) or (State&, tasker::Call&)");
      return std::invoke(kCallable, call);
    }
  }
};

// A class with `run(Call&)`. One object serves all attempts, also at the same time; it is made after the state,
// from (State&) or from nothing.
template <Name kName, class Class>
struct ClassHandler {
  static constexpr tasker_str name = {kName.text, sizeof(kName.text) - 1};
  template <class State>
  explicit ClassHandler(State& state) : object(make(state)) {}

  template <class State>
  decltype(auto) run(State&, Call& call) {
    return object.run(call);
  }

  template <class State>
  static Class make(State& state) {
    if constexpr (std::is_constructible_v<Class, State&>) {
      return Class(state);
    } else {
      static_assert(std::is_default_constructible_v<Class>, "a handler class is made from (State&) or from nothing");
      return Class();
    }
  }

  Class object;
};

namespace detail {

template <class State, class... Handlers>
class Instance {
 public:
  Instance(const tasker_host* host, const Json& config)
      : host_(host), state_(make(host, config)), handlers_(for_handler<Handlers>(state_)...) {}

  template <class H>
  void run(const tasker_call* call, tasker_outcome* out) noexcept {
    guard(out, [&]() -> decltype(auto) {
      Call view(host_, call);
      return std::get<H>(handlers_).run(state_, view);
    });
  }

 private:
  // Each handler is built in place from the state, so neither needs to be movable: both may hold a mutex.
  template <class H>
  static State& for_handler(State& state) {
    return state;
  }

  static State make(const tasker_host* host, const Json& config) {
    // C++20 would build an aggregate's first member from the configuration; that is never what is meant.
    if constexpr (std::is_aggregate_v<State>) {
      return State{};
    } else if constexpr (std::is_constructible_v<State, Host, const Json&>) {
      return State(Host(host), config);
    } else if constexpr (std::is_constructible_v<State, const Json&>) {
      return State(config);
    } else {
      static_assert(std::is_default_constructible_v<State>,
                    "the state is made from (tasker::Host, const tasker::Json&), (const tasker::Json&) or from nothing");
      return State();
    }
  }

  const tasker_host* host_;
  State state_;
  std::tuple<Handlers...> handlers_;
};

// The static tables of one plugin. Constant-initialised, so that nothing runs when the file is loaded.
template <class State, class... Handlers>
struct Tables {
  using Self = Instance<State, Handlers...>;

  template <class H>
  static std::int32_t run(void* self, const tasker_call* call, tasker_outcome* out) noexcept {
    static_cast<Self*>(self)->template run<H>(call, out);
    return TASKER_DONE;
  }

  static std::int32_t init(const tasker_host* host, tasker_str config, void** self, tasker_outcome* error) noexcept {
    *self = nullptr;
    guard(error, [&] {
      const std::string_view text = view(config);
      *self = new Self(host, text.empty() ? Json::object() : parse_input(text, "plugin's configuration"));
    });
    if (*self == nullptr) return 1;
    // The host looks at `error` after a failure only, so the empty answer of a success is released here.
    if (error->release) error->release(error->release_ctx);
    *error = tasker_outcome{error->struct_size, TASKER_OK, 0, {}, {}, {}, nullptr, nullptr};
    return 0;
  }

  static void fini(void* self) noexcept { delete static_cast<Self*>(self); }

  template <class H>
  static constexpr tasker_handler entry = {sizeof(tasker_handler), 0, H::name, &run<H>, nullptr};
  static constexpr const tasker_handler* handlers[] = {&entry<Handlers>..., nullptr};

  static constexpr tasker_plugin plugin() {
    return {sizeof(tasker_plugin), TASKER_ABI_MAJOR, TASKER_ABI_MINOR, 0, 0,
            &init, nullptr, &fini, handlers, nullptr, nullptr, nullptr, nullptr};
  }
};

}  // namespace detail
}  // namespace sdk_v1
}  // namespace tasker

// TASKER_PLUGIN(State, Handler<"step", function>, ...): once in a plugin, at namespace scope.
#define TASKER_PLUGIN(...)                                                                           \
  extern "C" {                                                                                       \
  constinit const tasker_plugin tasker_plugin_v1 = ::tasker::detail::Tables<__VA_ARGS__>::plugin(); \
  }
