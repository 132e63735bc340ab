// The test kit: runs the handlers of a plugin without a host and gives back, as plain values, all that a host would see.
// It is the other side of tasker/plugin.h, on no test framework: assert on the values with GoogleTest or whatever you use.
//
//   tasker::kit::Plugin plugin({{"bank", "https://bank.example"}});   // its section of the host's configuration
//   const auto outcome = plugin.run("charge", {.context = {{"order", 7}}, .inputs = {{"total", {{"sum", 42}}}}});
//   EXPECT_TRUE(outcome.is_ok()) << outcome;
//   EXPECT_EQ(plugin.stop(), "");                                     // nothing broke the contract
//
// tasker_add_plugin_test builds such a program. The namespace is `kit`, since
// `testing` is GoogleTest's. For tests only: a plugin never includes it.
#pragma once

#include "tasker/testing/attempt.h"
#include "tasker/testing/checks.h"
#include "tasker/testing/clock.h"
#include "tasker/testing/host.h"
#include "tasker/testing/library.h"
#include "tasker/testing/live_attempt.h"
#include "tasker/testing/outcome.h"
#include "tasker/testing/outline.h"
#include "tasker/testing/plugin.h"
#include "tasker/testing/running.h"
