#include "app/plugin_inspect.h"

#include <cstdio>
#include <filesystem>

#include <spdlog/fmt/fmt.h>

#include "app/document.h"
#include "app/terminal.h"
#include "base/json.h"
#include "plugin/allow_list.h"
#include "plugin/file_name.h"
#include "plugin/manifest.h"

namespace tasker::app {
namespace {

// Of the header that it was built with.
std::string abi_of(const plugin::InspectReport& report) { return fmt::format("{}.{}", report.abi_major, report.abi_minor); }

std::string as_json(const plugin::InspectReport& report) {
  const auto& task = *report.definition;
  return fmt::format(R"({{"namespace":{},"name":{},"version":{},"sha256":{},"file_bytes":{},"abi":{},"definition":{}}})",
                     json_quote(task.namespace_name), json_quote(task.name), json_quote(task.version.text()),
                     json_quote(report.sha256), report.file_bytes, json_quote(abi_of(report)), task.definition);
}

std::string as_text(const plugin::InspectReport& report) {
  const auto& task = *report.definition;
  auto out = fmt::format("plugin\t{}/{} {}\nsha256\t{}\nbytes\t{}\nabi\t{}\n", task.namespace_name, task.name,
                         task.version.text(), report.sha256, report.file_bytes, abi_of(report));
  if (!task.description.empty()) out += fmt::format("about\t{}\n", printable(task.description));
  for (const auto& step : task.steps) {
    std::string parents;
    for (const auto parent : step.parents) parents += (parents.empty() ? " after " : ", ") + task.step(parent).name;
    out += fmt::format("step\t{} (handler {}){}\n", step.name, step.handler, parents);
  }
  return out;
}

std::string label_of(const model::TaskTemplate& task) {
  return fmt::format("{}/{}@{}", task.namespace_name, task.name, task.version.text());
}

// A host would refuse a name that says something else than the template. The folder is left open: a file that was
// just built need not lie in its namespace yet.
Result<void> check_file_name(const std::filesystem::path& file, const model::TaskTemplate& task) {
  const auto name = plugin::parse_file_name(task.namespace_name, file.filename().string());
  if (!name) return name.error();
  return plugin::check_identity(*name, task);
}

}  // namespace

Result<void> expect_plugin(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return make_error(Code::not_found, fmt::format("there is no file {}", file));
  if (std::filesystem::path(file).extension() == ".yaml")
    return make_error(Code::plugin_not_elf, fmt::format("{} is a template and no plugin; `tasker template check {}` checks it", file, file));
  return {};
}

ExitCode run_plugin_inspect(const PluginInspectArguments& arguments) {
  if (const auto expected = expect_plugin(arguments.file); !expected) return report(expected.error());
  const auto inspected = plugin::inspect_file(arguments.file);
  if (!inspected) return report(inspected.error());
  if (const auto named = check_file_name(arguments.file, *inspected->definition); !named) return report(named.error());
  if (arguments.allow_line) {
    std::puts(plugin::allow_line(inspected->sha256, label_of(*inspected->definition)).c_str());
    return ExitCode::ok;
  }
  if (is_document(arguments.output)) return print_document(as_json(*inspected), arguments.output);
  const auto shown = as_text(*inspected);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  return ExitCode::ok;
}

}  // namespace tasker::app
