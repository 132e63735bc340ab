#include "app/command_tree.h"

#include <CLI/CLI.hpp>

#include "base/error_codes.h"
#include "base/yaml_tree.h"
#include "model/states.h"

namespace tasker::app {
namespace {

using Words = std::vector<std::string>;

Words commands_of(const CLI::App& level) {
  Words names;
  for (const CLI::App* verb : level.get_subcommands([](const CLI::App*) { return true; })) names.push_back(verb->get_name());
  return names;
}

Words flags_of(const CLI::App& level) {
  Words names;
  for (const CLI::Option* option : level.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string nearest_of(const std::string& word, const Words& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return std::string(yaml::nearest(word, views));
}

Words code_texts() {
  Words texts;
  for (const Code code : all_codes()) texts.emplace_back(code_text(code));
  return texts;
}

// "table|json", as the help shows it.
Words choices_of(const CLI::App& level, const std::string& flag) {
  const auto* option = level.get_option_no_throw(flag);
  return option == nullptr ? Words{} : CLI::detail::split(option->get_option_text(), '|');
}

// What a flag's value may be, where that is a closed list.
Words values_of(const CLI::App& level, const std::string& flag) {
  if (flag == "-o" || flag == "--output") return choices_of(level, flag);
  if (flag == "--color") return choices_of(level, flag);
  Words states;
  if (flag == "--status")
    for (const auto state : model::kTaskStates) states.emplace_back(model::state_text(state));
  return states;
}

LiveValues live_values_of(const std::string& flag) {
  if (flag == "--namespace") return LiveValues::namespaces;
  if (flag == "--name") return LiveValues::names;
  if (flag == "--version") return LiveValues::versions;
  return LiveValues::none;
}

// The value that a flag has among these words: behind it, or in one word with it.
std::string value_in(const Words& words, const std::string& flag) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == flag && i + 2 < words.size()) return words[i + 1];
    if (words[i].starts_with(flag + "=")) return words[i].substr(flag.size() + 1);
  }
  return {};
}

bool takes_value(const CLI::App& level, const std::string& word) {
  const auto* option = word.starts_with('-') ? level.get_option_no_throw(word) : nullptr;
  return option != nullptr && option->get_items_expected_max() > 0;
}

}  // namespace

const CLI::App& command_at(const CLI::App& root, const Words& words, std::size_t& taken) {
  const CLI::App* level = &root;
  for (taken = 0; taken < words.size(); ++taken) {
    const auto verbs = level->get_subcommands([](const CLI::App*) { return true; });
    const auto named = std::find_if(verbs.begin(), verbs.end(), [&](const CLI::App* verb) { return verb->check_name(words[taken]); });
    if (named == verbs.end()) break;
    level = *named;
  }
  return *level;
}

std::string nearest_command(const CLI::App& level, const std::string& word) {
  Words known = commands_of(level);
  for (const CLI::App* verb : level.get_subcommands([](const CLI::App*) { return true; }))
    known.insert(known.end(), verb->get_aliases().begin(), verb->get_aliases().end());
  return nearest_of(word, known);
}
std::string nearest_flag(const CLI::App& level, const std::string& word) {
  return nearest_of(word.substr(0, word.find('=')), flags_of(level));
}
std::string nearest_code(const std::string& word) { return nearest_of(word, code_texts()); }

std::string did_you_mean(const std::string& near) { return near.empty() ? "" : "; did you mean " + near + "?"; }

Completions completions(const CLI::App& root, const Words& words) {
  Completions found;
  if (words.empty()) {
    found.words = commands_of(root);
    return found;
  }
  std::size_t taken = 0;
  const auto& level = command_at(root, Words(words.begin(), words.end() - 1), taken);
  found.typed = words.back();
  found.server = value_in(words, "--server");
  std::string flag = words.size() > 1 ? words[words.size() - 2] : "";
  if (const auto equals = found.typed.find('='); found.typed.starts_with("--") && equals != std::string::npos) {
    flag = found.typed.substr(0, equals);
    found.before = found.typed.substr(0, equals + 1);
    found.typed.erase(0, equals + 1);
  }
  auto& candidates = found.words;
  if (takes_value(level, flag)) {
    candidates = values_of(level, flag);
    found.live = live_values_of(flag);
  } else if (!found.before.empty()) {
    return found;
  } else if (found.typed.starts_with('-')) {
    candidates = flags_of(level);
  } else if (level.get_name() == "help") {
    candidates = commands_of(root);
    for (auto& code : code_texts()) candidates.push_back(std::move(code));
    candidates.insert(candidates.end(), {"codes", "man"});
  } else if (level.get_name() == "completion") {
    candidates = {"bash", "zsh", "fish"};
  } else {
    candidates = commands_of(level);
    if (level.get_option_no_throw("ID") != nullptr) found.live = LiveValues::task_ids;
    if (level.get_option_no_throw("TASK") != nullptr) found.live = LiveValues::handlers;
    if (level.get_parent() != nullptr && level.get_parent()->get_name() == "plugin") {
      if (level.get_option_no_throw("PLUGIN") != nullptr)
        found.live = LiveValues::plugin_names;
      else if (level.get_option_no_throw("VERSION") != nullptr)
        found.live = LiveValues::plugin_versions;
    }
  }
  std::erase_if(candidates, [&](const std::string& each) { return !each.starts_with(found.typed); });
  for (auto& each : candidates) each.insert(0, found.before);
  return found;
}

}  // namespace tasker::app
