#include "app/task_verbs.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include <spdlog/fmt/fmt.h>

#include "app/api_client.h"
#include "app/interrupt.h"
#include "app/document.h"
#include "app/table.h"
#include "app/task_details.h"
#include "app/task_file.h"
#include "app/task_watch.h"
#include "base/json.h"

namespace tasker::app {
namespace {

constexpr std::size_t kMaxBulk = 1000;                    // the API's bound
constexpr std::size_t kMaxBulkBytes = 12u << 20;  // it takes 16 MiB
constexpr int kMaxTold = 10;                      // failed tasks that are named one by one

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);
}

Result<std::vector<std::int64_t>> ids_in(const std::string& body) {
  const auto answer = nlohmann::json::parse(body, nullptr, false);
  std::vector<std::int64_t> ids;
  if (answer.is_object() && answer.contains("task_ids") && answer["task_ids"].is_array())
    for (const auto& id : answer["task_ids"])
      if (id.is_number_integer()) ids.push_back(id.get<std::int64_t>());
  if (ids.empty())
    return make_error(Code::server_bad_answer, "the server's answer holds no task ids; are both of the same version?");
  return ids;
}

// All tasks of one command, in as many bulk requests as the API's bounds ask for. What was created before a request
// failed stays created, so its ids are told as they come.
ExitCode create_all(ApiClient& client, const TaskSubmitArguments& arguments, const std::vector<std::string>& tasks,
                    std::vector<std::int64_t>& created) {
  const auto all = tasks.size() * static_cast<std::size_t>(arguments.count);
  for (std::size_t next = 0, request = 1; next < all; ++request) {
    std::string body = "{\"tasks\":[";
    for (std::size_t batch = 0; next < all && batch < kMaxBulk; ++batch, ++next) {
      const auto& task = tasks[next % tasks.size()];
      if (batch > 0 && body.size() + task.size() > kMaxBulkBytes) break;
      body += (batch > 0 ? "," : "") + task;
    }
    if (arguments.dry_run) {
      print(body + "]}");
      continue;
    }
    // The same command makes the same requests, so each may have its number.
    auto key = arguments.idempotency_key;
    if (!key.empty() && request > 1) key += "." + std::to_string(request);
    auto answer = client.post("/tasks/bulk", body + "]}", key);
    if (!answer) return report(answer.error());
    auto ids = ids_in(*answer);
    if (!ids) return report(ids.error());
    if (is_document(arguments.client.output)) {
      print_document(*answer, arguments.client.output, true);
    } else {
      for (const auto id : *ids) print(std::to_string(id));
    }
    created.insert(created.end(), ids->begin(), ids->end());
  }
  return ExitCode::ok;
}

// The tasks of a file, or the one that the flags describe.
Result<std::vector<std::string>> tasks_of(const TaskSubmitArguments& arguments) {
  if (arguments.from_file.empty()) {
    auto context = read_object(arguments.context, "the context");
    if (!context) return context.error();
    return std::vector<std::string>{task_body(arguments, *context)};
  }
  const auto text = read_file_or_stdin(arguments.from_file);
  if (!text) return text.error();
  auto tasks = tasks_in(*text);
  if (!tasks) return make_error(tasks.error().code, fmt::format("{}: {}", arguments.from_file, tasks.error().message));
  return tasks;
}

void tell_end(const TaskView& task) {
  std::string line = fmt::format("task {} {}", task.id, printable(task.state));
  for (const auto& step : task.steps)
    if (step.state == "error") line += fmt::format("; {}: {}", printable(step.name), printable(step.error));
  std::fprintf(stderr, "%s\n", line.c_str());
}

std::string sum_of_ends(std::size_t all, std::size_t bad) {
  if (bad == 0) return fmt::format("{} tasks complete", all);
  return bad == all ? fmt::format("none of {} tasks is complete", all) : fmt::format("{} of {} tasks complete", all - bad, all);
}

using Deadline = std::optional<std::chrono::steady_clock::time_point>;

// The worst end decides: a failed task, then a cancelled one.
ExitCode wait_for_all(ApiClient& client, const TaskSubmitArguments& arguments, const std::vector<std::int64_t>& tasks,
                      Interrupt& interrupt, const Deadline& deadline) {
  const bool document = is_document(arguments.client.output);
  const bool silent = document || arguments.client.quiet;
  const auto tell_silence = [&](const Error& error) {
    if (silent) return;
    if (error.code == Code::server_unreachable)
      std::fprintf(stderr, "no answer from %s, waiting; the tasks go on\n", client.server().c_str());
    else
      std::fprintf(stderr, "waiting: %s\n", printable(error.message).c_str());
  };
  ExitCode worst = ExitCode::ok;
  int bad = 0;
  for (const auto id : tasks) {
    const auto ended = wait_for_task(client, id, interrupt, deadline, tell_silence);
    if (!ended) return report(ended.error());
    if (document) print_document(ended->body, arguments.client.output, true);
    const auto code = exit_code_of_end(ended->view);
    if (code != ExitCode::ok) ++bad;
    if (!silent && (tasks.size() == 1 || (code != ExitCode::ok && bad <= kMaxTold))) tell_end(ended->view);
    if (code == ExitCode::task_failed || worst == ExitCode::ok) worst = code;
  }
  if (!silent && bad > kMaxTold) std::fprintf(stderr, "and %d more; see: tasker task list --status error\n", bad - kMaxTold);
  if (!silent && tasks.size() > 1) std::fprintf(stderr, "%s\n", sum_of_ends(tasks.size(), static_cast<std::size_t>(bad)).c_str());
  return worst;
}

Table table_of_tasks(const std::vector<TaskView>& tasks, const Terminal& terminal, bool wide = false) {
  const auto shown = [&](const std::string& time) { return terminal.is_tty ? local_time(time) : time; };
  std::vector<std::string> headings = {"ID", "TASK", "STATE", "REQUESTED", "FINISHED"};
  if (wide) headings.insert(headings.end(), {"PRIORITY", "INITIATOR", "CORRELATION ID", "TAGS"});
  Table table(headings);
  table.colour_column(2);
  if (!wide) table.fit();
  for (const auto& task : tasks)
    table.add({std::to_string(task.id), task.full_name, task.state, shown(task.requested_at), shown(task.finished_at),
               task.priority, task.initiator, task.correlation_id, task.tags});
  return table;
}

ExitCode print_list(const std::string& body, const TaskListArguments& arguments) {
  if (arguments.client.output == OutputFormat::jsonl) return print_lines_of(body, "tasks");
  const auto tasks = read_tasks(body);
  if (!tasks) return report(tasks.error());
  if (arguments.client.output == OutputFormat::name) {
    for (const auto& task : *tasks) print(std::to_string(task.id));
    return ExitCode::ok;
  }
  if (tasks->empty()) {
    if (!arguments.client.quiet) std::fprintf(stderr, "no tasks\n");
    return ExitCode::ok;
  }
  const auto terminal = terminal_of_stdout(arguments.client.colour);
  print(table_of_tasks(*tasks, terminal, arguments.client.output == OutputFormat::wide).render(terminal));
  return ExitCode::ok;
}

}  // namespace

Result<std::string> read_object(const std::string& argument, std::string_view what) {
  std::string text = argument;
  if (argument == "-" || argument.starts_with('@')) {
    auto read = read_file_or_stdin(argument == "-" ? argument : argument.substr(1));
    if (!read) return read.error();
    text = std::move(*read);
  }
  // It is put into the request as it is, so that numbers keep their digits: it must be one value and no more.
  const auto kind = check_json(text);
  if (!kind) return make_error(kind.error().code, fmt::format("{}: {}", what, kind.error().message));
  if (*kind != JsonKind::object)
    return make_error(Code::invalid_json, fmt::format("{} must be a JSON object, such as {{\"order_id\": 7}}", what));
  return text;
}

std::string task_body(const TaskSubmitArguments& arguments, const std::string& context) {
  std::string body = "{\"name\":" + json_quote(arguments.name) +
                     ",\"namespace\":" + json_quote(arguments.namespace_name) + ",\"source_system\":\"tasker-cli\"";
  if (!arguments.version.empty()) body += ",\"version\":" + json_quote(arguments.version);
  if (arguments.priority) body += ",\"priority\":" + std::to_string(*arguments.priority);
  if (!arguments.reason.empty()) body += ",\"reason\":" + json_quote(arguments.reason);
  if (!arguments.start_at.empty()) body += ",\"start_at\":" + json_quote(arguments.start_at);
  if (!arguments.tags.empty()) {
    body += ",\"tags\":[";
    for (const auto& tag : arguments.tags) body += (body.back() == '[' ? "" : ",") + json_quote(tag);
    body += "]";
  }
  return body + ",\"context\":" + context + "}";
}

std::string list_query(const TaskListArguments& arguments) {
  std::string query = "?limit=" + std::to_string(arguments.limit);
  const std::pair<const char*, const std::string&> filters[] = {{"namespace", arguments.namespace_name},
                                                                {"name", arguments.name},
                                                                {"version", arguments.version},
                                                                {"status", arguments.status},
                                                                {"correlation_id", arguments.correlation_id},
                                                                {"tag", arguments.tag},
                                                                {"initiator", arguments.initiator},
                                                                {"source_system", arguments.source_system},
                                                                {"created_after", arguments.created_after},
                                                                {"created_before", arguments.created_before},
                                                                {"after", arguments.after}};
  for (const auto& [name, value] : filters)
    if (!value.empty()) query += "&" + std::string(name) + "=" + ApiClient::escape(value);
  return query;
}

ExitCode run_task_submit(const TaskSubmitArguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  const auto tasks = tasks_of(arguments);
  if (!tasks) return report(tasks.error());
  const auto server = choose_server(arguments.client.server);
  std::vector<std::int64_t> created;
  {
    ApiClient client(server, {.verbose = arguments.client.verbose});
    const auto code = create_all(client, arguments, *tasks, created);
    if (code != ExitCode::ok || !arguments.wait || arguments.dry_run) return code;
  }
  Deadline deadline;
  if (arguments.timeout) deadline = began + *arguments.timeout;
  Interrupt interrupt;
  // A host that does not answer must not outlast the deadline either.
  ApiClient client(server, {.is_cancelled = [&] {
                     return interrupt.requested() || (deadline && std::chrono::steady_clock::now() >= *deadline);
                   }, .verbose = arguments.client.verbose});
  return wait_for_all(client, arguments, created, interrupt, deadline);
}

ExitCode run_task_get(const TaskGetArguments& arguments) {
  ApiClient client(choose_server(arguments.client.server), {.verbose = arguments.client.verbose});
  const auto body = client.get(fmt::format("/tasks/{}", arguments.task));
  if (!body) return report(body.error());
  if (is_document(arguments.client.output)) return print_document(*body, arguments.client.output);
  const auto task = read_task(*body);
  if (!task) return report(task.error());
  const auto terminal = terminal_of_stdout(arguments.client.colour);
  if (terminal.is_tty) {
    for (const auto& line : draw_whole(*task, terminal)) print(line);
    for (const auto& line : draw_details(*task, details_of(*body), terminal)) print(line);
    return ExitCode::ok;
  }
  const auto details = details_of(*body);
  Table table({"STEP", "STATE", "ATTEMPTS", "ERROR", "RESULT"});
  for (std::size_t i = 0; i < task->steps.size(); ++i) {
    const auto& step = task->steps[i];
    // What it waits for now counts more than how its last attempt ended.
    table.add({step.name, step.state, std::to_string(step.attempts), step.waiting_for.empty() ? step.error : step.waiting_for,
               i < details.results.size() ? details.results[i] : ""});
  }
  Table context({"", "CONTEXT"});
  context.add({"context", details.context});
  print(table_of_tasks({*task}, terminal).render(terminal) + context.render(terminal) + table.render(terminal));
  return ExitCode::ok;
}

ExitCode run_task_list(const TaskListArguments& arguments) {
  ApiClient client(choose_server(arguments.client.server), {.verbose = arguments.client.verbose});
  const auto body = client.get("/tasks" + list_query(arguments));
  if (!body) return report(body.error());
  if (is_document(arguments.client.output)) return print_document(*body, arguments.client.output);
  const auto code = print_list(*body, arguments);
  std::fflush(stdout);
  // On stderr, for what reads stdout reads tasks; `-o json` has it as "next".
  if (const std::string next = next_page(*body); code == ExitCode::ok && !next.empty() && !arguments.client.quiet)
    std::fprintf(stderr, "there are more; the same with --after %s shows the next page\n", next.c_str());
  return code;
}

ExitCode run_task_watch(const TaskWatchArguments& arguments) {
  Interrupt interrupt;
  ApiClient client(choose_server(arguments.client.server),
                   {.is_cancelled = [&interrupt] { return interrupt.requested(); }, .verbose = arguments.client.verbose});
  return watch_task(client, arguments.task, interrupt, terminal_of_stdout(arguments.client.colour),
                    arguments.client.output);
}

}  // namespace tasker::app
