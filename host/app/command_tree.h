// What the tree of commands knows about itself: the nearest word to a misspelt one, what may follow the words typed
// so far. Reads the parser's own table, so nothing is written twice. Asks nobody: live values are completion_values.h's.
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

// What only a host knows.
enum class LiveValues { none, task_ids, handlers, plugin_versions, plugin_names, namespaces, names, versions };

struct Completions {
  std::vector<std::string> words = {};
  LiveValues live = LiveValues::none;  // to be asked for besides
  std::string typed;                   // the beginning of the values, without `before`
  std::string before;                  // "--status=" when flag and value are one word
  std::string server;                  // of --server, when it was typed
};
// What may stand in place of the last word, which is still being typed and may be empty.
Completions completions(const CLI::App& root, const std::vector<std::string>& words);

}  // namespace tasker::app
