#include "app/task_watch.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "app/document.h"

namespace tasker::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kShortestPause = std::chrono::milliseconds(25);
constexpr auto kLongestPause = std::chrono::milliseconds(500);
constexpr auto kSilentPause = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::minutes(1);  // with a server that does not answer

// A host or database that is away is waited for: the task goes on, and another host or the restarted one will answer.
class Patience {
 public:
  bool bears(const Error& error) {
    silent_since_ = std::min(silent_since_, Clock::now());
    return error.retry == Retry::later && Clock::now() - silent_since_ < kPatience;
  }
  void renew() { silent_since_ = Clock::time_point::max(); }

 private:
  Clock::time_point silent_since_ = Clock::time_point::max();
};

void print_line(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
}

// Draws over the lines of the drawing before. A live one has no line that would wrap, and no more lines than the terminal:
// either would spoil the count. The last one stays, and is whole.
class Redrawing {
 public:
  explicit Redrawing(const Terminal& terminal) : terminal_(terminal) {}

  void draw(const TaskView& task) {
    if (lines_ > 0) fmt::print("\033[{}A\033[J", lines_);
    const auto lines = task.has_ended() ? draw_whole(task, terminal_) : draw_to_fit(task, terminal_);
    for (const auto& line : lines) print_line(line);
    lines_ = lines.size();
  }

 private:
  const Terminal& terminal_;
  std::size_t lines_ = 0;
};

Error stopped_watching(std::int64_t task) {
  return make_error(Code::command_interrupted, fmt::format("stopped watching; task {} goes on. See it with: tasker task get {}",
                                                task, task));
}

Error not_in_time(std::int64_t task, const std::string& state) {
  return make_error(Code::command_timed_out, fmt::format("task {} has not ended in time and goes on; {}", task, state));
}

}  // namespace

std::chrono::milliseconds PollPace::next(bool changed) {
  pause_ = changed ? kShortestPause : std::min<std::chrono::milliseconds>(pause_ * 3 / 2, kLongestPause);
  return pause_;
}

Result<EndedTask> wait_for_task(ApiClient& client, std::int64_t task, Interrupt& interrupt,
                               std::optional<Clock::time_point> deadline,
                               const std::function<void(const Error&)>& on_silence) {
  PollPace pace;
  Patience patience;
  bool was_told = false;
  for (std::string before;;) {
    auto body = client.get(fmt::format("/tasks/{}", task));
    if (interrupt.requested()) return stopped_watching(task);
    if (!body) {
      const bool may_pass = patience.bears(body.error());
      if (deadline && Clock::now() >= *deadline) {
        const bool cut_short = body.error().code == Code::command_interrupted;
        const auto seen = before.empty() ? Result<TaskView>(body.error()) : read_task(before);
        return not_in_time(task, seen        ? "it was " + seen->state
                                 : cut_short ? "the host did not answer before the time was over"
                                             : "its state is not known: " + body.error().message);
      }
      if (!may_pass) return body.error();
      if (!std::exchange(was_told, true) && on_silence) on_silence(body.error());
      if (interrupt.wait(kSilentPause)) return stopped_watching(task);
      continue;
    }
    patience.renew();
    was_told = false;
    auto view = read_task(*body);
    if (!view) return view.error();
    if (view->has_ended()) return EndedTask{std::move(*view), std::move(*body)};
    auto pause = pace.next(*body != before);
    before = std::move(*body);
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
      if (left.count() <= 0)
        return not_in_time(task, "it is " + view->state);
      pause = std::min(pause, left);
    }
    if (interrupt.wait(pause)) return stopped_watching(task);
  }
}

ExitCode watch_task(ApiClient& client, std::int64_t task, Interrupt& interrupt, const Terminal& terminal,
                    OutputFormat format) {
  const bool as_document = is_document(format);
  PollPace pace;
  Redrawing drawing(terminal);
  TaskView before;
  Patience patience;
  for (std::string last;;) {
    auto body = client.get(fmt::format("/tasks/{}", task));
    if (interrupt.requested()) break;
    if (!body) {
      // Nobody there at the start is most often a wrong address.
      if (last.empty() || !patience.bears(body.error())) return report(body.error());
      if (interrupt.wait(kSilentPause)) break;
      continue;
    }
    patience.renew();
    auto view = read_task(*body);
    if (!view) return report(view.error());
    const bool changed = *body != last;
    if (changed && as_document) print_document(*body, format, true);
    if (changed && !as_document && terminal.is_tty) drawing.draw(*view);
    if (changed && !as_document && !terminal.is_tty)
      for (const auto& line : changes_between(before, *view)) print_line(line);
    std::fflush(stdout);
    if (view->has_ended()) return exit_code_of_end(*view);
    before = std::move(*view);
    last = std::move(*body);
    if (interrupt.wait(pace.next(changed))) break;
  }
  return report(stopped_watching(task));
}

}  // namespace tasker::app
