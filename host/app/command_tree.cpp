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

Words completions(const CLI::App& root, const Words& words) {
  if (words.empty()) return commands_of(root);
  const std::string& typed = words.back();
  std::size_t taken = 0;
  const auto& level = command_at(root, Words(words.begin(), words.end() - 1), taken);
  Words candidates;
  if (words.size() > 1 && takes_value(level, words[words.size() - 2])) {
    candidates = values_of(level, words[words.size() - 2]);
  } else if (typed.starts_with('-')) {
    candidates = flags_of(level);
  } else if (level.get_name() == "help") {
    candidates = commands_of(root);
    for (auto& code : code_texts()) candidates.push_back(std::move(code));
  } else if (level.get_name() == "completion") {
    candidates = {"bash", "zsh", "fish"};
  } else {
    candidates = commands_of(level);
  }
  std::erase_if(candidates, [&](const std::string& each) { return !each.starts_with(typed); });
  return candidates;
}

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash")
    return R"(# tasker completion for bash: source <(tasker completion bash)
_tasker() {
  local IFS=$'\n'
  COMPREPLY=($(tasker __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tasker tasker
)";
  if (shell == "zsh")
    return R"(#compdef tasker
# tasker completion for zsh: source <(tasker completion zsh)
_tasker() {
  local -a found
  found=("${(@f)$(tasker __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _tasker tasker
)";
  if (shell == "fish")
    return R"--(# tasker completion for fish: tasker completion fish | source
function __tasker_complete
  set -l words (commandline -opc) "$(commandline -ct)"
  tasker __complete $words[2..-1] 2>/dev/null
end
complete -c tasker -a '(__tasker_complete)'
)--";
  return {};
}

}  // namespace tasker::app
