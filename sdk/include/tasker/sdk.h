// Write a Tasker plugin in C++20: handlers that take a Call and return JSON, and one TASKER_PLUGIN line.
// This header is the whole SDK; the parts under tasker/sdk/ are its chapters. It sits on the C contract of
// tasker/plugin.h and on nothing of the host. sdk/README.md walks through a first plugin.
//
//   tasker::Json greet(tasker::Call& call) { return {{"text", "Hello " + call.context().value("name", "you")}}; }
//   TASKER_PLUGIN(tasker::NoState, tasker::Handler<"greet", greet>)
//
// Handlers run on many threads at once, so the state object guards what it changes.
#pragma once

#include "tasker/sdk/call.h"
#include "tasker/sdk/errors.h"
#include "tasker/sdk/guard.h"
#include "tasker/sdk/host.h"
#include "tasker/sdk/json.h"
#include "tasker/sdk/plugin.h"
