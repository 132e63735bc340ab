#include "app/argument_options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include <spdlog/fmt/fmt.h>

#include "app/command_tree.h"
#include "base/yaml_tree.h"
#include "model/states.h"

namespace tasker::app {

const Formats kOne = {"table", "json", "yaml"};
const Formats kList = {"table", "json", "yaml", "wide", "jsonl", "name"};

namespace {

const Formats kColours = {"auto", "always", "never"};

std::string one_of(std::string& given, const Formats& known, const std::string& what) {
  const auto word = CLI::detail::to_lower(given);
  const auto found = std::find(known.begin(), known.end(), word);
  if (found != known.end()) {
    given = std::to_string(found - known.begin());
    return {};
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  return fmt::format("'{}' is no {}; there are {}{}", given, what, fmt::join(known, ", "),
                     did_you_mean(std::string(yaml::nearest(word, views))));
}

template <class Enumeration>
void add_choice(CLI::App* verb, const char* names, Enumeration& value, const Formats& known, const char* what, const char* text) {
  verb->add_option(names, value, text)
      ->transform(CLI::Validator([&known, what](std::string& given) { return one_of(given, known, what); }, ""))
      ->option_text(fmt::format("{}", fmt::join(known, "|")));
}

}  // namespace

void add_output(CLI::App* verb, OutputFormat& output, const Formats& formats) {
  add_choice(verb, "-o,--output", output, formats, "format", "What to print; errors follow json too");
}

void add_client(CLI::App* verb, Client& client, const Formats& formats) {
  verb->add_option("--server", client.server, "URL of the running host (TASKER_SERVER)")->option_text("URL");
  add_output(verb, client.output, formats);
  add_choice(verb, "--color", client.colour, kColours, "way to colour", "Colours; auto: on a terminal (NO_COLOR)");
  auto* quiet = verb->add_flag("-q,--quiet", client.quiet, "Data and errors only");
  verb->add_flag("-v,--verbose", client.verbose, "Tell each request on stderr")->excludes(quiet);
}

std::vector<std::string> task_states() {
  std::vector<std::string> texts;
  for (const auto state : model::kTaskStates) texts.emplace_back(model::state_text(state));
  return texts;
}

std::string states_in_lines() {
  std::string out, line = "States:";
  for (const auto& state : task_states()) {
    if (line.size() + state.size() + 2 > 80) out += std::exchange(line, "       ") + "\n";
    line += " " + state + (state == task_states().back() ? "" : ",");
  }
  return out + line;
}

}  // namespace tasker::app
