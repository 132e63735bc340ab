// What the tree of commands knows about itself: the nearest word to a misspelt one, what may follow the words typed
// so far, and the scripts by which shells ask for that. Reads the parser's own table, so nothing is written twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tasker::app {

// The deepest command that `words` name; `taken` counts the words that named it.
const CLI::App& command_at(const CLI::App& root, const std::vector<std::string>& words, std::size_t& taken);

// Empty when nothing is near.
std::string nearest_command(const CLI::App& level, const std::string& word);
std::string nearest_flag(const CLI::App& level, const std::string& word);
std::string nearest_code(const std::string& word);
// "; did you mean X?", or nothing.
std::string did_you_mean(const std::string& near);

// The words that may stand in place of the last one, which is still being typed and may be empty.
std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words);
// For bash, zsh or fish; empty for others.
std::string_view completion_script(std::string_view shell);

}  // namespace tasker::app
