#include "command.h"

#include <algorithm>
#include <cstdlib>

#include "template/options.h"
#include "template/render.h"

namespace std_shell {
namespace {

using stock::Options;
using tasker::Json;

void check_text(const Options& options, const std::string& text) {
  if (text.find('\0') != std::string::npos) options.fail("gives a text with a zero character, which no program can be given");
}

// The script is what the template's author wrote, never what a task brought: that arrives as $1, $2, …
std::vector<std::string> shell_arguments(const Options& options, const Json& script) {
  if (!script.is_string()) options.fail("needs \"shell\" as a text; what comes from the task goes into \"args\"");
  std::vector<std::string> arguments = {"/bin/sh", "-c", script.get<std::string>(), "sh"};
  for (auto& argument : options.texts("args")) arguments.push_back(std::move(argument));
  return arguments;
}

std::vector<std::string> environment_from(const Options& options, const Policy& policy) {
  std::vector<std::string> environment;
  const auto own = stock::text_members(options.object("environment"), "handler_config environment");
  for (const auto& name : policy.environment()) {
    const bool is_given = std::any_of(own.begin(), own.end(), [&](const auto& variable) { return variable.first == name; });
    if (const char* value = std::getenv(name.c_str()); value != nullptr && !is_given) environment.push_back(name + "=" + value);
  }
  for (const auto& [name, value] : own) {
    if (name.empty() || name.find('=') != std::string::npos) options.fail("names a variable \"" + name + "\"");
    environment.push_back(name + "=" + value);
    check_text(options, environment.back());
  }
  return environment;
}

std::set<int> statuses(const Options& options, const char* key, std::set<int> otherwise) {
  const Json* list = options.find(key);
  if (list == nullptr) return otherwise;
  std::set<int> found;
  for (const auto& status : *list) {
    if (!status.is_number_integer() || status < 0 || status > 255) options.fail(std::string("has in \"") + key + "\" what is no exit status");
    found.insert(status.get<int>());
  }
  return found;
}

}  // namespace

Command command_from(tasker::Call& call, const Policy& policy) {
  stock::Scope scope(call);
  stock::Renderer renderer(scope);
  const Json& written = call.config();
  Json config = written;
  config.erase("shell");
  config = renderer.value(config, "");
  const Options options(config, "handler_config",
                        {"command", "shell", "args", "environment", "folder", "stdin", "timeout_seconds", "max_output_kib",
                         "success_statuses", "final_statuses", "parse_json"});
  Command command;
  const Json script = written.value("shell", Json());
  if (options.has("command") != script.is_null()) options.fail("needs either \"command\", an array, or \"shell\", a script");
  if (!script.is_null()) {
    policy.check_shell();
    command.arguments = shell_arguments(options, script);
  } else {
    if (options.has("args")) options.fail("has \"args\", which belong to \"shell\"");
    command.arguments = options.texts("command");
    if (command.arguments.empty()) options.fail("has an empty \"command\"");
    policy.check_program(command.arguments.front());
  }
  command.environment = environment_from(options, policy);
  command.folder = options.text("folder", "/");
  command.input = options.text("stdin", "");
  for (const auto& argument : command.arguments) check_text(options, argument);
  check_text(options, command.folder);
  command.timeout = milliseconds(static_cast<std::int64_t>(options.number("timeout_seconds", 60, 0.001, 86400) * 1000));
  if (const auto left = call.raw_call().timeout_ms; left > 0) command.timeout = std::min(command.timeout, milliseconds(left));
  command.max_bytes = static_cast<std::size_t>(options.integer("max_output_kib", 256, 1, 4096)) << 10U;
  command.parse_json = options.flag("parse_json", false);
  command.success = statuses(options, "success_statuses", {0});
  command.final = statuses(options, "final_statuses", {});
  return command;
}

}  // namespace std_shell
