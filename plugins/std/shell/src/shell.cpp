#include "shell.h"

#include <sys/wait.h>

#include "child.h"
#include "command.h"
#include "conversation.h"

namespace std_shell {
namespace {

using tasker::Json;

// What is no UTF-8 becomes U+FFFD, as a result is JSON.
std::string readable(const std::string& bytes) {
  return Json::parse(Json(bytes).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of("\n\r ");
  if (end == std::string::npos) return {};
  const auto begin = text.find_last_of('\n', end);
  const auto from = begin == std::string::npos ? 0 : begin + 1;
  return readable(text.substr(from, std::min<std::size_t>(end + 1 - from, 500)));
}

void judge(const Ended& ended, const Command& command) {
  const bool was_killed = WIFSIGNALED(ended.status);
  const int number = was_killed ? WTERMSIG(ended.status) : WEXITSTATUS(ended.status);
  if (!was_killed && command.success.contains(number)) return;
  const std::string words = last_line(ended.errors);
  const std::string sentence = command.arguments.front() + (was_killed ? " was ended by signal " : " ended with status ") +
                               std::to_string(number) + (words.empty() ? "" : ": " + words);
  const std::string code = (was_killed ? "shell.signal_" : "shell.exit_") + std::to_string(number);
  if (!was_killed && command.final.contains(number)) throw tasker::PermanentError(sentence, code);
  throw tasker::RetryableError(sentence, std::nullopt, code);
}

}  // namespace

Json Shell::run(tasker::Call& call) {
  const Command command = command_from(call, policy_);
  Child child(command);
  const Ended ended = converse(child, command, call);
  judge(ended, command);
  Json result = {{"status", WEXITSTATUS(ended.status)}, {"stderr", readable(ended.errors)}};
  if (!command.parse_json) {
    result["stdout"] = readable(ended.output);
    return result;
  }
  const bool is_deep = tasker::nests_too_deep(std::string_view(ended.output));
  Json json = is_deep ? Json(Json::value_t::discarded) : Json::parse(ended.output, nullptr, false);
  if (json.is_discarded()) throw tasker::PermanentError(command.arguments.front() + " printed what is no JSON", "shell.bad_output");
  result["json"] = std::move(json);
  return result;
}

}  // namespace std_shell
