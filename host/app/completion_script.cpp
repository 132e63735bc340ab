#include "app/completion_script.h"

namespace tasker::app {
namespace {

// bash breaks words at @, : and =, and replaces only what stands behind them (from the @ on): the words are put together
// again before they are asked about, and what was already there is taken from the answers.
constexpr std::string_view kBash = R"(# tasker completion for bash: source <(tasker completion bash)
_tasker() {
  local word glue='' cur='' prefix IFS=$'\n'
  local -a words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ ${#words[@]} -gt 0 && ( -n $glue || $word =~ ^[@:=]+$ ) ]]; then words[-1]+=$word; else words+=("$word"); fi
    if [[ $word =~ ^[@:=]+$ ]]; then glue=1; else glue=''; fi
  done
  cur=${words[-1]-}
  prefix=${cur%"${cur##*[@:=]}"}
  [[ -n $prefix && $COMP_WORDBREAKS != *"${prefix: -1}"* ]] && prefix=''
  prefix=${prefix%@}
  COMPREPLY=($(tasker __complete "${words[@]}" 2>/dev/null))
  COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}
complete -o default -F _tasker tasker
)";

// Sourced, or autoloaded from a folder of fpath as _tasker.
constexpr std::string_view kZsh = R"(#compdef tasker
# tasker completion for zsh: source <(tasker completion zsh), after compinit
_tasker() {
  local -a found
  found=("${(@f)$(tasker __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
if [[ "${funcstack[1]}" == _tasker ]]; then _tasker "$@"; else compdef _tasker tasker; fi
)";

constexpr std::string_view kFish = R"--(# tasker completion for fish: tasker completion fish | source
function __tasker_complete
  set -l words (commandline -opc) (commandline -ct | string collect --allow-empty)
  tasker __complete $words[2..-1] 2>/dev/null
end
complete -c tasker -a '(__tasker_complete)'
)--";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace tasker::app
