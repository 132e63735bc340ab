#include "app/plugin_check.h"

#include <cstdio>
#include <set>

#include <spdlog/fmt/fmt.h>

#include "app/document.h"
#include "app/interrupt.h"
#include "app/plugin_inspect.h"
#include "app/task_verbs.h"
#include "app/terminal.h"
#include "base/json.h"
#include "checker/checker.h"

namespace tasker::app {
namespace {

using checker::Finding;
using checker::Verdict;

// Of what a plugin wrote before it failed; all of it is in the JSON.
constexpr std::size_t kLinesOfOutput = 12;

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::noted: return "noted";
    case Verdict::skipped: return "skipped";
    case Verdict::failed: return "failed";
  }
  return "";
}

// The line that says where it crashed is first, or behind what the plugin wrote itself.
std::string first_of(const std::string& output) {
  const auto at = output.find("tasker: SIG");
  const auto begin = at == std::string::npos ? 0 : at;
  return output.substr(begin, output.find('\n', output.find("tasker:   at", begin)) - begin);
}

// `shown`: what was printed of findings before, so that a crash that breaks every check is shown once.
void print_line(const Finding& finding, std::set<std::string>& shown) {
  const auto* word = finding.verdict == Verdict::passed ? "ok" : finding.verdict == Verdict::failed ? "FAILED" : verdict_text(finding.verdict);
  const auto code = finding.verdict == Verdict::failed ? " [" + finding.code + "]" : "";
  std::printf("%-8s %-15s %s%s\n", word, finding.check.c_str(), printable(finding.message).c_str(), code.c_str());
  if (finding.verdict != Verdict::failed || !shown.insert(first_of(finding.output)).second) return;
  std::string_view rest = finding.output;
  for (std::size_t line = 0; line < kLinesOfOutput && !rest.empty(); ++line) {
    const auto end = std::min(rest.find('\n'), rest.size());
    std::printf("         | %s\n", printable(rest.substr(0, end)).c_str());
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (!rest.empty()) std::puts("         | ...");
  std::fflush(stdout);
}

std::string as_json(const Finding& finding) {
  return fmt::format(R"({{"check":{},"verdict":{},"code":{},"message":{},"milliseconds":{},"output":{}}})", json_quote(finding.check),
                     json_quote(verdict_text(finding.verdict)), finding.code.empty() ? "null" : json_quote(finding.code),
                     json_quote(finding.message), finding.took.count(), json_quote(finding.output));
}

std::string counts_of(const checker::Report& report) {
  auto text = fmt::format("{} passed, {} failed", report.passed + report.noted, report.failed);
  if (report.skipped > 0) text += fmt::format(", {} could not be tried", report.skipped);
  return text;
}

std::string shell_quoted(const std::string& word) {
  std::string quoted = "'";
  for (const char letter : word) quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return quoted + "'";
}

// The same call for some of the made-up inputs.
std::string command_for(const PluginCheckArguments& arguments, std::uint64_t seed, std::uint64_t cases) {
  auto command = "tasker plugin check " + shell_quoted(arguments.file);
  if (arguments.config != "{}") command += " --config " + shell_quoted(arguments.config);
  if (arguments.context != "{}") command += " --context " + shell_quoted(arguments.context);
  if (arguments.limit) command += fmt::format(" --limit {}ms", arguments.limit->count());
  return command + fmt::format(" --seed {} --cases {}", seed, cases);
}

Result<checker::Request> request_of(const PluginCheckArguments& arguments) {
  checker::Request request{.file = arguments.file, .seed = arguments.seed, .cases = arguments.cases};
  auto config = read_object(arguments.config, "--config");
  if (!config) return config.error();
  request.config = std::move(*config);
  auto context = read_object(arguments.context, "--context");
  if (!context) return context.error();
  request.context = std::move(*context);
  if (arguments.limit) request.limit = *arguments.limit;
  request.command = [&arguments](std::uint64_t seed, std::uint64_t cases) { return command_for(arguments, seed, cases); };
  return request;
}

}  // namespace

ExitCode run_plugin_check(const PluginCheckArguments& arguments) {
  if (const auto expected = expect_plugin(arguments.file); !expected) return report(expected.error());
  auto request = request_of(arguments);
  if (!request) return report(request.error());
  Interrupt interrupt;
  request->interrupted = [&] { return interrupt.requested(); };
  const bool as_document = is_document(arguments.output);
  std::string findings;
  std::set<std::string> shown;
  const auto checked = checker::check_plugin(*request, [&](const Finding& finding) {
    if (as_document)
      findings += (findings.empty() ? "" : ",") + as_json(finding);
    else
      print_line(finding, shown);
  });
  if (!checked) return report(checked.error());
  if (as_document) {
    const auto printed = print_document(
        fmt::format(R"({{"file":{},"plugin":{},"ok":{},"passed":{},"noted":{},"skipped":{},"failed":{},"failed_seed":{},"checks":[{}]}})",
                    json_quote(arguments.file), checked->plugin.empty() ? "null" : json_quote(checked->plugin), checked->failed == 0,
                    checked->passed, checked->noted, checked->skipped, checked->failed,
                    checked->failed_seed ? std::to_string(*checked->failed_seed) : "null", findings),
        arguments.output);
    return checked->failed > 0 ? ExitCode::failed : printed;
  }
  if (checked->failed == 0) {
    std::puts(counts_of(*checked).c_str());
    return ExitCode::ok;
  }
  std::fflush(stdout);
  return report(make_error(Code::plugin_check_failed, fmt::format("{}: {}", arguments.file, counts_of(*checked))));
}

}  // namespace tasker::app
