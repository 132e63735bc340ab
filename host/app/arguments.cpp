#include "app/arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict,\n"
    "6 server not reachable, 7 timed out waiting, 10 the awaited task failed,\n"
    "11 it was cancelled, 130 interrupted.";

constexpr std::int64_t kLargestId = (std::int64_t{1} << 53) - 1;

std::string example(const std::string& line) { return "Example: " + line; }

void add_output(CLI::App* verb, OutputFormat& output) {
  verb->add_option("-o,--output", output, "table or json")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, OutputFormat>{{"table", OutputFormat::table}, {"json", OutputFormat::json}},
          CLI::ignore_case))
      ->option_text("table|json");
}

void add_client(CLI::App* verb, Client& client) {
  verb->add_option("--server", client.server, "URL of the running host (TASKER_SERVER)")->option_text("URL");
  add_output(verb, client.output);
}

void add_task_id(CLI::App* verb, std::int64_t& task) {
  verb->add_option("ID", task, "The task's id")->required()->check(CLI::Range(std::int64_t{1}, kLargestId))->option_text(" ");
}

// A verb's arguments live beside its sub-command until the end of the parsing; `chosen` tells which it was.
template <class Arguments>
struct Slot {
  CLI::App* app;
  Arguments arguments;
};

class Parser {
 public:
  Parser() : app_("Runs durable workflows from plugins that are dropped into a folder.", "tasker") {
    app_.require_subcommand(1);
    app_.footer(kFooter);
    app_.get_formatter()->column_width(27);
    add_server_verbs();
    add_task_verbs();
    add_plugin_verbs();
    version_.app = app_.add_subcommand("version", "Print the program's version");
    add_output(version_.app, version_.arguments.output);
  }

  std::variant<Verb, Notice> parse(std::vector<std::string> words) {
    if (words.size() == 1 && words.front() == "--version") words.front() = "version";  // what people try first
    if (auto unknown = unknown_verb(words)) return *unknown;
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    try {
      app_.parse(words);
    } catch (const CLI::ParseError& error) {
      return notice_of(error);
    }
    return chosen();
  }

 private:
  void add_server_verbs() {
    serve_.app = app_.add_subcommand("serve", "Run a host on a database of yours");
    serve_.app->add_option("--config", serve_.arguments.config, "Configuration file")
        ->required()->option_text("FILE");
    serve_.app->add_flag("--check-config", serve_.arguments.check_config, "Check the configuration and exit");
    serve_.app->footer(example("tasker serve --config /etc/tasker/tasker.yaml"));

    dev_.app = app_.add_subcommand("dev", "Run a host with a private PostgreSQL, for development");
    auto& dev = dev_.arguments;
    dev_.app->add_option("--data", dev.data, "Data folder (default ~/.local/share/tasker/dev)")->option_text("DIR");
    dev_.app->add_option("--plugins", dev.plugins, "Plugins folder (default <data>/plugins)")->option_text("DIR");
    dev_.app->add_option("--listen", dev.listen, "Address; the next free port is taken when it is busy")
        ->option_text("ADDR:PORT");
    dev_.app->add_option("--config", dev.config, "Configuration file")->option_text("FILE");
    dev_.app->add_flag("--clean", dev.clean, "Wipe the private database first");
    dev_.app->footer(example("tasker dev --plugins ./build/plugins"));

    migrate_.app = app_.add_subcommand("migrate", "Bring a database to this program's schema");
    auto* database = migrate_.app->add_option("--database", migrate_.arguments.database,
                                              "libpq connection string (TASKER_DATABASE__URL)")
                         ->option_text("URL");
    migrate_.app->add_option("--config", migrate_.arguments.config, "Configuration file that names the database")
        ->option_text("FILE")->excludes(database);
    migrate_.app->footer(example("tasker migrate --database postgresql:///tasker"));
  }

  void add_task_verbs() {
    task_ = app_.add_subcommand("task", "Submit tasks and look at them")->require_subcommand(1);
    submit_.app = task_->add_subcommand("submit", "Create tasks; prints their ids");
    auto& submit = submit_.arguments;
    submit_.app->add_option("TASK", task_name_, "[NAMESPACE/]NAME[@VERSION]; VERSION may be a range")
        ->required()->option_text(" ");
    submit_.app->add_option("--context", submit.context, "JSON object, @FILE, or - for stdin")->option_text("JSON");
    submit_.app->add_option("--count", submit.count, "So many tasks of the same context")
        ->check(CLI::Range(1, 1000000))->option_text("N");
    submit_.app->add_option("--priority", submit.priority, "0, the most urgent, to 9; 5 by default")
        ->check(CLI::Range(0, 9))->option_text("N");
    submit_.app->add_option("--reason", submit.reason, "Why, for those who look later")->option_text("TEXT");
    submit_.app->add_option("--tag", submit.tags, "A tag; may be repeated")->option_text("TAG");
    submit_.app->add_option("--start-at", submit.start_at, "Not before this time (RFC 3339)")->option_text("TIME");
    submit_.app->add_flag("--wait", submit.wait, "Wait until all have ended; the exit code tells how");
    submit_.app->add_option("--timeout", timeout_, "With --wait: no longer than this (30s, 5m)")
        ->needs("--wait")->option_text("TIME");
    add_client(submit_.app, submit.client);
    submit_.app->footer(example("tasker task submit order_process --wait --context '{\"order_id\":123}'"));

    get_.app = task_->add_subcommand("get", "Show one task with its steps");
    add_task_id(get_.app, get_.arguments.task);
    add_client(get_.app, get_.arguments.client);
    get_.app->footer(example("tasker task get 42 -o json"));

    list_.app = task_->add_subcommand("list", "List tasks, newest first");
    auto& list = list_.arguments;
    list_.app->add_option("--namespace", list.namespace_name, "Only of this namespace")->option_text("NAME");
    list_.app->add_option("--name", list.name, "Only of this template")->option_text("NAME");
    list_.app->add_option("--version", list.version, "Only of this version")->option_text("VERSION");
    list_.app->add_option("--status", list.status, "Only in this state")->option_text("STATE");
    list_.app->add_option("--limit", list.limit, "At most so many")->check(CLI::Range(1, 100))->option_text("N");
    list_.app->add_option("--after", list.after, "Only older ones than this task")
        ->check(CLI::Range(std::int64_t{1}, kLargestId))->option_text("ID");
    add_client(list_.app, list.client);
    list_.app->footer(example("tasker task list --status error --limit 50"));

    watch_.app = task_->add_subcommand("watch", "Follow a task until it ends");
    add_task_id(watch_.app, watch_.arguments.task);
    add_client(watch_.app, watch_.arguments.client);
    watch_.app->footer(example("tasker task watch 42"));
  }

  void add_plugin_verbs() {
    plugin_ = app_.add_subcommand("plugin", "Look at plugins")->require_subcommand(1);
    plugins_.app = plugin_->add_subcommand("list", "The running host's plugins, refused ones too");
    add_client(plugins_.app, plugins_.arguments.client);
    inspect_.app = plugin_->add_subcommand("inspect", "Check a plugin file without running its code");
    inspect_.app->add_option("FILE", inspect_.arguments.file, "A plugin (.so)")->required()->option_text(" ");
    add_output(inspect_.app, inspect_.arguments.output);
    inspect_.app->footer(example("tasker plugin inspect build/plugins/default/order_process-1.0.0.so"));
  }

  std::variant<Verb, Notice> chosen() {
    if (serve_.app->parsed()) return Verb(serve_.arguments);
    if (dev_.app->parsed()) return Verb(dev_.arguments);
    if (migrate_.app->parsed()) return Verb(migrate_.arguments);
    if (submit_.app->parsed()) return submit();
    if (get_.app->parsed()) return Verb(get_.arguments);
    if (list_.app->parsed()) return Verb(list_.arguments);
    if (watch_.app->parsed()) return Verb(watch_.arguments);
    if (plugins_.app->parsed()) return Verb(plugins_.arguments);
    if (inspect_.app->parsed()) return Verb(inspect_.arguments);
    return Verb(version_.arguments);
  }

  std::variant<Verb, Notice> submit() {
    auto name = parse_task_name(task_name_);
    if (!name) return usage(name.error());
    auto& submit = submit_.arguments;
    submit.namespace_name = name->namespace_name;
    submit.name = name->name;
    submit.version = name->version;
    if (!timeout_.empty()) {
      auto timeout = parse_duration(timeout_);
      if (!timeout) return usage(timeout.error());
      submit.timeout = *timeout;
    }
    return Verb(submit);
  }

  // CLI11 would only say that a verb is missing.
  std::optional<Notice> unknown_verb(const std::vector<std::string>& words) {
    CLI::App* level = &app_;
    for (const auto& word : words) {
      const auto verbs = level->get_subcommands([](CLI::App*) { return true; });
      if (word.starts_with('-') || verbs.empty()) break;
      const auto named = std::find_if(verbs.begin(), verbs.end(), [&](CLI::App* verb) { return verb->check_name(word); });
      if (named == verbs.end())
        return usage(make_error(Code::invalid_argument,
                                fmt::format("there is no verb '{}'; see: {} --help", word,
                                            level == &app_ ? "tasker" : "tasker " + level->get_name())));
      level = *named;
    }
    return std::nullopt;
  }

  static Notice usage(const Error& error) { return {ExitCode::usage, "tasker: " + error.message + "\n"}; }

  Notice notice_of(const CLI::ParseError& error) {
    std::ostringstream out, complaint;
    const int code = app_.exit(error, out, complaint);
    if (code == 0) return {ExitCode::ok, out.str()};
    return {ExitCode::usage, "tasker: " + complaint.str()};
  }

  CLI::App app_;
  CLI::App* task_ = nullptr;
  CLI::App* plugin_ = nullptr;
  std::string task_name_, timeout_;
  Slot<ServeArguments> serve_{};
  Slot<DevArguments> dev_{};
  Slot<MigrateArguments> migrate_{};
  Slot<TaskSubmitArguments> submit_{};
  Slot<TaskGetArguments> get_{};
  Slot<TaskListArguments> list_{};
  Slot<TaskWatchArguments> watch_{};
  Slot<PluginListArguments> plugins_{};
  Slot<PluginInspectArguments> inspect_{};
  Slot<VersionArguments> version_{};
};

}  // namespace

std::variant<Verb, Notice> parse_arguments(const std::vector<std::string>& words) { return Parser().parse(words); }

Result<TaskName> parse_task_name(const std::string& text) {
  TaskName found{"default", text, ""};
  if (const auto at = found.name.find('@'); at != std::string::npos) {
    found.version = found.name.substr(at + 1);
    found.name.resize(at);
    if (found.version.empty())
      return make_error(Code::invalid_argument, fmt::format("'{}' has no version behind the @", text));
  }
  if (const auto slash = found.name.find('/'); slash != std::string::npos) {
    found.namespace_name = found.name.substr(0, slash);
    found.name.erase(0, slash + 1);
  }
  if (found.name.empty() || found.namespace_name.empty() || found.name.find('/') != std::string::npos)
    return make_error(Code::invalid_argument,
                      fmt::format("'{}' is not a task; write [NAMESPACE/]NAME[@VERSION]", text));
  return found;
}

Result<std::chrono::milliseconds> parse_duration(const std::string& text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  const std::string unit(rest, end);
  const double scale = unit == "ms" ? 1 : unit.empty() || unit == "s" ? 1e3 : unit == "m" ? 6e4 : unit == "h" ? 3.6e6 : 0;
  if (failed != std::errc{} || scale == 0 || !(number >= 0) || number * scale > 3.6e6 * 24 * 366)
    return make_error(Code::invalid_argument,
                      fmt::format("'{}' is not a time; write 500ms, 30s, 5m or 2h, up to a year", text));
  return std::chrono::milliseconds(static_cast<std::int64_t>(number * scale));
}

}  // namespace tasker::app
