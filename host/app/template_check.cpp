#include "app/template_check.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <spdlog/fmt/fmt.h>

#include "app/document.h"
#include "app/terminal.h"
#include "base/json.h"
#include "base/utf8.h"
#include "model/template_yaml.h"
#include "plugin/file_name.h"
#include "plugin/manifest.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;
using Definition = std::shared_ptr<const model::TaskTemplate>;

constexpr std::size_t kMaxBytes = 1024 * 1024;

Result<std::string> read_text(const fs::path& file) {
  std::error_code failed;
  if (!fs::exists(file, failed)) return make_error(Code::not_found, fmt::format("there is no file {}", file.string()));
  if (file.extension() == ".so")
    return make_error(Code::template_invalid, fmt::format("{} is a plugin; `tasker plugin inspect {}` looks at it, and at the template inside", file.string(), file.string()));
  if (fs::is_directory(file, failed)) return make_error(Code::template_invalid, fmt::format("{} is a directory", file.string()));
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return make_error(Code::plugin_unreadable, fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (text.size() > kMaxBytes) return make_error(Code::plugin_too_large, fmt::format("{} is larger than 1 MiB", file.string()));
  if (!is_utf8(text)) return make_error(Code::template_invalid, fmt::format("{} is not UTF-8", file.string()));
  return text;
}

// A file that is named as one to be dropped must say the same inside; any other name is only a source.
Result<void> check_file_name(const fs::path& file, const model::TaskTemplate& task) {
  const auto name = plugin::parse_file_name(task.namespace_name, file.filename().string());
  if (!name || !task.first_reference()) return {};
  return plugin::check_identity(*name, task);
}

std::string label_of(const model::TaskTemplate& task) {
  return fmt::format("{}/{}@{}", task.namespace_name, task.name, task.version.text());
}

// A template with a reference is a workflow without code, and has no handlers of its own.
Result<void> check_references(const std::string& file, const model::TaskTemplate& task) {
  const auto* with = task.first_reference();
  const auto without = std::find_if(task.steps.begin(), task.steps.end(), [](const auto& step) { return !step.reference; });
  if (with == nullptr || without == task.steps.end()) return {};
  return make_error(Code::plugin_unbound, fmt::format("{}: step {} names a handler of another plugin ({}), so this is a workflow without code, and step {} has "
                                                      "no handler; give it one by handler_class: namespace/name@range#handler",
                                                      file, with->name, with->handler_class, without->name));
}

// What was found in one file.
struct Checked {
  std::string file;
  Definition definition;       // none: it has faults
  std::vector<Error> faults;
};

std::string as_json(const Checked& checked) {
  if (checked.definition)
    return fmt::format(R"({{"file":{},"ok":true,"template":{},"steps":{},"faults":[]}})", json_quote(checked.file), json_quote(label_of(*checked.definition)),
                       checked.definition->steps.size());
  std::string faults;
  for (const Error& fault : checked.faults)
    faults += fmt::format(R"({}{{"code":{},"message":{}}})", faults.empty() ? "" : ",", json_quote(code_text(fault.code)), json_quote(fault.message));
  return fmt::format(R"({{"file":{},"ok":false,"faults":[{}]}})", json_quote(checked.file), faults);
}

Result<Definition> definition_of(const std::string& text, const std::string& file, const std::string& environment) {
  auto definition = model::parse_template(text, file, environment);
  if (!definition) return definition.error();
  if (const auto named = check_file_name(file, **definition); !named) return named.error();
  if (const auto bound = check_references(file, **definition); !bound) return bound.error();
  return std::move(*definition);
}

Checked check(const std::string& file, const std::string& environment) {
  const auto text = read_text(file);
  if (!text) return {file, nullptr, {text.error()}};
  auto definition = definition_of(*text, file, environment);
  if (definition) return {file, std::move(*definition), {}};
  auto faults = model::template_faults(*text, file, environment);
  if (faults.empty()) faults.push_back(definition.error());  // it is the file's name
  return {file, nullptr, std::move(faults)};
}

}  // namespace

Result<std::shared_ptr<const model::TaskTemplate>> read_template(const std::string& file, const std::string& environment) {
  const auto text = read_text(file);
  if (!text) return text.error();
  return definition_of(*text, file, environment);
}

ExitCode run_template_check(const TemplateCheckArguments& arguments) {
  ExitCode exit_code = ExitCode::ok;
  std::string rows;
  for (const std::string& file : arguments.files) {
    const auto checked = check(file, arguments.environment);
    if (is_document(arguments.output))
      rows += (rows.empty() ? "" : ",") + as_json(checked);
    else if (checked.definition)
      std::puts(fmt::format("{}: {}, {} step{}, good", file, label_of(*checked.definition), checked.definition->steps.size(), checked.definition->steps.size() == 1 ? "" : "s").c_str());
    for (const Error& fault : checked.faults) {
      const ExitCode failed = is_document(arguments.output) ? exit_code_of(fault) : report(fault);
      if (exit_code == ExitCode::ok) exit_code = failed;
    }
  }
  if (!is_document(arguments.output)) return exit_code;
  const ExitCode printed = print_document("{\"files\":[" + rows + "]}", arguments.output);
  return exit_code == ExitCode::ok ? printed : exit_code;
}

}  // namespace tasker::app
