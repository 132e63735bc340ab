// The command line, parsed: one struct a verb. Parsing touches no file and no network; what is wrong with the
// arguments is told with the usage exit code before anything happens.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/command_tree.h"
#include "app/exit_code.h"
#include "app/terminal.h"

namespace tasker::app {

enum class OutputFormat { table, json, yaml, wide, jsonl, name };

// Common to the verbs that talk to a running host.
struct Client {
  std::string server;  // empty: environment, else the address that `tasker dev` wrote, else the default port
  OutputFormat output = OutputFormat::table;
  Colour colour = Colour::automatic;
  bool quiet = false;    // data and errors only
  bool verbose = false;  // each request is told on stderr
};

struct ServeArguments {
  std::string config;  // empty: TASKER_CONFIG, else /etc/tasker/tasker.yaml
  bool check_config = false;
  bool print_config = false;
  std::string pid_file;  // empty: none
};
struct DevArguments {
  std::string data;     // empty: the default folder
  std::string plugins;  // empty: <data>/plugins
  std::string listen;   // ADDRESS:PORT, PORT or ADDRESS; empty: 127.0.0.1:8765
  std::string config;
  bool clean = false;
};
struct MigrateArguments {
  std::string database;  // libpq connection string; empty: of the configuration
  std::string config;
  std::optional<std::chrono::milliseconds> wait;  // for a database that is not there yet
};
struct TaskSubmitArguments {
  Client client;
  std::string namespace_name = "default";
  std::string name;
  std::string version;
  std::string context = "{}";  // JSON text, @FILE, or - for stdin
  std::string from_file;       // tasks as the API takes them, - for stdin; then the fields of a single task are unset
  int count = 1;
  std::optional<int> priority;
  std::string reason;
  std::vector<std::string> tags;
  std::string start_at;
  bool wait = false;
  std::optional<std::chrono::milliseconds> timeout;
  bool dry_run = false;
  std::string idempotency_key;
};
struct TaskGetArguments {
  Client client;
  std::int64_t task = 0;
};
struct TaskListArguments {
  Client client;
  std::string namespace_name, name, version, status, correlation_id, tag, initiator, source_system, created_after, created_before;
  int limit = 20;
  std::string after;  // a cursor: what the page before said
};
struct TaskWatchArguments {
  Client client;
  std::int64_t task = 0;
};
struct PluginListArguments {
  Client client;
};
// One version of a plugin: show, retire, resume and retry.
struct PluginVersionArguments {
  enum class Wish { show, retire, resume, retry } wish = Wish::show;
  Client client;
  std::string namespace_name, name, version;
  bool when_drained = false;  // retire: wait until no host has it any more
  std::string reason;         // retry: for the version's history
  std::optional<std::chrono::milliseconds> timeout;
};
struct PluginDefaultArguments {
  Client client;
  std::string namespace_name, name;
  std::string version;  // to be pinned; empty: none is
  bool latest = false;  // the pin is taken away
};
struct PluginInspectArguments {
  std::string file;
  bool allow_line = false;  // only its line of an allow-list
  OutputFormat output = OutputFormat::table;
};
struct PluginCheckArguments {
  std::string file;
  std::string config = "{}", context = "{}";  // JSON text, @FILE, or - for stdin
  std::optional<std::chrono::milliseconds> limit;
  std::optional<std::uint64_t> seed;
  std::uint64_t cases = 1000;
  OutputFormat output = OutputFormat::table;
};
struct PluginDiffArguments {
  std::string older, newer;  // plugins (.so) or templates (.yaml)
  OutputFormat output = OutputFormat::table;
};
struct TemplateCheckArguments {
  std::vector<std::string> files;
  std::string environment;  // whose overrides apply; empty: none
  OutputFormat output = OutputFormat::table;
};
struct ConfigViewArguments {
  std::string config;  // as of serve
  bool origin = false;
  OutputFormat output = OutputFormat::table;
};
// Asked by the completion scripts for what only a host knows.
struct CompleteArguments {
  LiveValues wanted = LiveValues::none;
  std::string typed;   // the beginning of the word
  std::string before;  // what each answer begins with: "--namespace="
  std::string server;
};
struct VersionArguments {
  OutputFormat output = OutputFormat::table;
};

using Verb = std::variant<ServeArguments, DevArguments, MigrateArguments, TaskSubmitArguments, TaskGetArguments,
                          TaskListArguments, TaskWatchArguments, PluginListArguments, PluginVersionArguments,
                          PluginDefaultArguments, PluginInspectArguments, PluginCheckArguments, PluginDiffArguments,
                          TemplateCheckArguments,
                          ConfigViewArguments, CompleteArguments, VersionArguments>;

// Help or a complaint: nothing is to be run.
struct Notice {
  ExitCode exit_code = ExitCode::ok;
  std::string text;  // help, or the whole line of a complaint
  std::optional<Error> error{};
};

// Whether errors are to be told as JSON, also those of words that cannot be parsed.
bool asks_for_json(const std::vector<std::string>& words);

std::variant<Verb, Notice> parse_arguments(const std::vector<std::string>& words);  // without the program's name

// Markdown: host/CLI.md, every command's help behind the rules they share.
std::string page_of_commands();

// "payments/refund@^1.2" -> namespace, name, version; a bare name is of the namespace `default`.
struct TaskName {
  std::string namespace_name, name, version;
};
Result<TaskName> parse_task_name(const std::string& text);

// "1500ms", "30s", "5m", "2h"; a bare number is seconds.
Result<std::chrono::milliseconds> parse_duration(const std::string& text);

}  // namespace tasker::app
