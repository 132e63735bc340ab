// Following a task until it ends: a tree that is redrawn on a terminal, one line a change elsewhere, or silently.
// Ctrl-C ends the following, never the task.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "app/api_client.h"
#include "app/arguments.h"
#include "app/exit_code.h"
#include "app/interrupt.h"
#include "app/task_view.h"

namespace tasker::app {

// How often the host is asked: soon after the last change, less often while nothing happens.
class PollPace {
 public:
  std::chrono::milliseconds next(bool changed);

 private:
  std::chrono::milliseconds pause_{25};
};

struct EndedTask {
  TaskView view;
  std::string body;  // as the API gave it
};

// Returns when the task has ended; a host or database that is away is waited for, a minute at most;
// `on_silence` is told when that begins. Errors:
// Code::command_timed_out at the deadline, command_interrupted on Ctrl-C.
Result<EndedTask> wait_for_task(ApiClient& client, std::int64_t task, Interrupt& interrupt,
                               std::optional<std::chrono::steady_clock::time_point> deadline,
                               const std::function<void(const Error&)>& on_silence = {});

// Once it has seen the task it waits for a host or database that is away, a minute at most. In json and yaml: a document with
// the API's answer for each change.
ExitCode watch_task(ApiClient& client, std::int64_t task, Interrupt& interrupt, const Terminal& terminal, OutputFormat format);

}  // namespace tasker::app
