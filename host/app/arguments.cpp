#include "app/arguments.h"

#include <limits>

#include <CLI/CLI.hpp>

#include <spdlog/fmt/fmt.h>

#include "app/argument_options.h"
#include "app/argument_values.h"
#include "app/code_help.h"
#include "app/command_page.h"
#include "app/command_tree.h"
#include "app/completion_script.h"
#include "app/manual.h"
#include "base/semver.h"
#include "base/timestamp.h"
#include "base/yaml_tree.h"
#include "model/states.h"

namespace tasker::app {
namespace {

constexpr const char* kFooter =
    "Example: tasker dev\n\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict,\n"
    "6 server or database not reachable, 7 timed out waiting, 10 the awaited task\n"
    "failed, 11 it was cancelled, 130 interrupted. What an error code means:\n"
    "tasker help CODE.";

constexpr std::string_view kComplete = "__complete";  // asked by the completion scripts
constexpr std::size_t kLongestKey = 200;  // the API takes 255, and each further request of the command adds its number
constexpr std::int64_t kLargestId = (std::int64_t{1} << 53) - 1;

std::string whole_lines(std::string text) { return text.ends_with('\n') ? text : text + "\n"; }
std::string example(const std::string& line) { return "Example: " + line; }

using Words = std::vector<std::string>;

// "--tag=" as "--tag" and an empty word, which the parser takes for a value.
Words with_empty_values(Words words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--") || words[i].find('=') != words[i].size() - 1) continue;
    words[i].pop_back();
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, "");
  }
  return words;
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
    add_template_verbs();
    add_config_verbs();
    add_other_verbs();
  }

  // Every command's help in the order of the help, each below its own name.
  std::vector<CommandHelp> all_help() { return help_below(&app_, ""); }

  std::variant<Verb, Notice> parse(std::vector<std::string> words) {
    if (words.size() == 1 && words.front() == "--version") words.front() = "version";  // what people try first
    if (!words.empty() && words.front() == kComplete) return completed({words.begin() + 1, words.end()});
    if (auto unknown = unknown_verb(words)) return *unknown;
    words = with_empty_values(std::move(words));
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // CLI11 takes them from the back
    try {
      app_.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return notice_of(error, words);
    }
    return chosen();
  }

 private:
  std::vector<CommandHelp> help_below(CLI::App* level, const std::string& above) {
    std::vector<CommandHelp> all;
    const auto name = above.empty() ? level->get_name() : above + " " + level->get_name();
    if (level != &app_) all.push_back({name, whole_lines(level->help(above))});
    for (CLI::App* verb : level->get_subcommands([](CLI::App*) { return true; }))
      for (auto& below : help_below(verb, name)) all.push_back(std::move(below));
    return all;
  }

  void add_server_verbs() {
    serve_.app = app_.add_subcommand("serve", "Run a host on a database of yours");
    serve_.app->add_option("--config", serve_.arguments.config,
                           "Configuration (/etc/tasker/tasker.yaml)")
        ->option_text("FILE");
    auto* check = serve_.app->add_flag("--check-config", serve_.arguments.check_config, "Check the configuration and exit");
    serve_.app->add_flag("--print-config", serve_.arguments.print_config, "Print it as config view does, and exit")->excludes(check);
    serve_.app->add_option("--pid-file", serve_.arguments.pid_file, "Holds the process id while the host runs")->option_text("FILE");
    serve_.app->footer(example("tasker serve --config /etc/tasker/tasker.yaml"));

    dev_.app = app_.add_subcommand("dev", "Run a host with a private PostgreSQL, for development");
    auto& dev = dev_.arguments;
    dev_.app->add_option("--data", dev.data, "Data folder; which by default, see below")->option_text("DIR");
    dev_.app->add_option("--plugins", dev.plugins, "Plugins folder (default <data>/plugins)")->option_text("DIR");
    dev_.app->add_option("--listen", dev.listen, "Address; the next free port is taken when it is busy")
        ->option_text("ADDR:PORT");
    dev_.app->add_option("--config", dev.config, "Configuration file")->option_text("FILE");
    dev_.app->add_flag("--clean", dev.clean, "Wipe the private database first");
    dev_.app->footer("Data folder: of --data, else $TASKER_DATA, else $XDG_DATA_HOME/tasker/dev, else\n"
                     "~/.local/share/tasker/dev; root has /var/lib/tasker/dev.\n\n" + example("tasker dev --plugins ./build/plugins"));

    migrate_.app = app_.add_subcommand("migrate", "Bring a database to this program's schema");
    auto* database = migrate_.app->add_option("--database", migrate_.arguments.database,
                                              "libpq connection string (TASKER_DATABASE__URL)")
                         ->option_text("URL");
    migrate_.app->add_option("--config", migrate_.arguments.config, "Configuration that names the database, as of serve")
        ->option_text("FILE")->excludes(database);
    migrate_.app->add_option("--wait", wait_, "Wait so long for the database (30s, 5m)")->option_text("TIME");
    migrate_.app->footer(example("tasker migrate --database postgresql:///tasker"));
  }

  void add_task_verbs() {
    task_ = app_.add_subcommand("task", "Submit tasks and look at them")->require_subcommand(1);
    task_->footer(example("tasker task submit order_process --wait"));
    submit_.app = task_->add_subcommand("submit", "Create tasks; prints their ids")->alias("start");
    auto& submit = submit_.arguments;
    auto* file = submit_.app->add_option("--from-file", submit.from_file,
                                         "Tasks as JSON, as the API takes them; - for stdin")->option_text("FILE");
    submit_.app->add_option("TASK", task_name_, "[NAMESPACE/]NAME[@VERSION]; VERSION may be a range")
        ->excludes(file)->option_text(" ");
    const auto of_one_task = [&](CLI::Option* option, const char* text) { option->excludes(file)->option_text(text); };
    of_one_task(submit_.app->add_option("--context", submit.context, "JSON object, @FILE, or - for stdin"), "JSON");
    of_one_task(submit_.app->add_option("--count", submit.count, "So many tasks of the same context")
                    ->check(CLI::Range(1, 1000000)), "N");
    of_one_task(submit_.app->add_option("--priority", submit.priority, "0, the most urgent, to 9; 5 by default")
                    ->check(CLI::Range(0, 9)), "N");
    of_one_task(submit_.app->add_option("--reason", submit.reason, "Why, for those who look later"), "TEXT");
    of_one_task(submit_.app->add_option("--tag", submit.tags, "A tag; may be repeated"), "TAG");
    of_one_task(submit_.app->add_option("--start-at", submit.start_at, "Not before this time (RFC 3339)"), "TIME");
    submit_.app->add_flag("--wait", submit.wait, "Wait until all have ended; the exit code tells how");
    submit_.app->add_option("--timeout", timeout_, "With --wait: no longer than this (30s, 5m)")
        ->needs("--wait")->option_text("TIME");
    submit_.app->add_option("--idempotency-key", submit.idempotency_key, "The same key creates the tasks only once")
        ->option_text("KEY");
    submit_.app->add_flag("--dry-run", submit.dry_run, "Print the request, send nothing");
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
    list_.app->add_option("--status", list.status, "Only in this state; below: which there are")->option_text("STATE");
    list_.app->add_option("--limit", list.limit, "At most so many, up to 100; 20 by default")->check(CLI::Range(1, 100))->option_text("N");
    list_.app->add_option("--correlation-id", list.correlation_id, "Only of this request")->option_text("ID");
    list_.app->add_option("--tag", list.tag, "Only with this tag")->option_text("TAG");
    list_.app->add_option("--initiator", list.initiator, "Only asked for by this one")->option_text("NAME");
    list_.app->add_option("--source-system", list.source_system, "Only from this system")->option_text("NAME");
    list_.app->add_option("--created-after", list.created_after, "Only from this day or time on (2030-01-31, RFC 3339)")->option_text("TIME");
    list_.app->add_option("--created-before", list.created_before, "Only before this day or time")->option_text("TIME");
    list_.app->add_option("--after", list.after, "The next page: what this one said")->option_text("CURSOR");
    add_client(list_.app, list.client, kList);
    list_.app->footer(states_in_lines() + "\n\n" + example("tasker task list --status error --limit 50"));

    watch_.app = task_->add_subcommand("watch", "Follow a task until it ends");
    add_task_id(watch_.app, watch_.arguments.task);
    add_client(watch_.app, watch_.arguments.client);
    watch_.app->footer(example("tasker task watch 42"));
  }

  void add_plugin_verbs() {
    plugin_ = app_.add_subcommand("plugin", "Look at plugins, retire or retry them, pin versions")->require_subcommand(1);
    plugin_->footer(example("tasker plugin list"));
    plugins_.app = plugin_->add_subcommand("list", "The running host's plugins, refused ones too");
    add_client(plugins_.app, plugins_.arguments.client, kList);
    plugins_.app->footer(example("tasker plugin list -o json"));
    add_plugin_version(show_, PluginVersionArguments::Wish::show, "show", "All that is known of one version");
    show_.app->footer(example("tasker plugin show shop/cart@1.0.0"));
    add_plugin_version(retire_, PluginVersionArguments::Wish::retire, "retire", "Let a version take no new tasks, and unload it");
    retire_.app->add_flag("--when-drained", retire_.arguments.when_drained, "Wait until no host has it, and tell what needs it");
    retire_.app->add_option("--timeout", timeout_, "Stop waiting after this time (30s, 5m)")->option_text("TIME");
    retire_.app->footer("Open tasks keep the version and go on; it is unloaded when none has it. All\n"
                        "hosts on the database follow within seconds, and it stays so over restarts,\n"
                        "until tasker plugin resume. Ctrl-C ends the waiting, not the draining.\n\n" + example("tasker plugin retire shop/cart@1.0.0 --when-drained"));
    add_plugin_version(resume_, PluginVersionArguments::Wish::resume, "resume", "Take a retirement back");
    resume_.app->footer(example("tasker plugin resume shop/cart@1.0.0"));
    add_plugin_version(retry_, PluginVersionArguments::Wish::retry, "retry", "Try again what was refused or quarantined");
    retry_.app->add_option("--reason", retry_.arguments.reason, "Why, for its history")->option_text("TEXT");
    retry_.app->footer("Bytes that crashed a host, its runners or the process that tries plugins first\n"
                       "are not run again, by any host on the database, before this. Every host then\n"
                       "takes the version's file, or its kept copy, as if it had just come; one that\n"
                       "is quarantined goes on with the steps that wait for it.\n\n" + example("tasker plugin retry shop/cart@1.0.0 --reason 'libfoo was installed'"));
    default_.app = plugin_->add_subcommand("default", "Show or pin what tasks without a version take");
    default_.app->add_option("PLUGIN", plugin_ref_, "[NAMESPACE/]NAME")->required()->option_text(" ");
    auto* version = default_.app->add_option("VERSION", default_.arguments.version, "The version to pin")->option_text(" ");
    default_.app->add_flag("--latest", default_.arguments.latest, "Take the pin away: the newest stable version")->excludes(version);
    add_client(default_.app, default_.arguments.client);
    default_.app->footer("Ranges (^1.2) take the pinned version too when it is in them; a task that names\n"
                         "one version gets that. When the pinned version has gone, tasks without a\n"
                         "version are refused (handler.default_unavailable): no other is taken instead.\n\n" + example("tasker plugin default shop/cart 1.4.0"));
    inspect_.app = plugin_->add_subcommand("inspect", "Check a plugin file without running its code");
    inspect_.app->add_option("FILE", inspect_.arguments.file, "A plugin (.so)")->required()->option_text(" ");
    inspect_.app->add_flag("--allow-line", inspect_.arguments.allow_line, "Print only its line for plugins.allow_list");
    add_output(inspect_.app, inspect_.arguments.output);
    inspect_.app->footer(example("tasker plugin inspect build/plugins/default/order_process-1.0.0.so"));
    add_author_verbs();
  }

  // What the author of a plugin asks before it is delivered.
  void add_author_verbs() {
    auto& check = plugin_check_.arguments;
    plugin_check_.app = plugin_->add_subcommand("check", "Try a plugin file against the contract");
    plugin_check_.app->add_option("FILE", check.file, "A plugin (.so)")->required()->option_text(" ");
    plugin_check_.app->add_option("--config", check.config, "What its init() gets: JSON, @FILE, or - for stdin")->option_text("JSON");
    plugin_check_.app->add_option("--context", check.context, "What its steps get: JSON, @FILE, or - for stdin")->option_text("JSON");
    plugin_check_.app->add_option("--limit", limit_, "For each thing it does; 10s by default")->option_text("TIME");
    auto* seed = plugin_check_.app->add_option("--seed", check.seed, "Also try made-up input, from this number on")->option_text("N");
    plugin_check_.app->add_option("--cases", check.cases, "So many made-up inputs; 1000 by default")->check(CLI::Range(1, 100'000'000))->needs(seed)->option_text("N");
    add_output(plugin_check_.app, check.output);
    plugin_check_.app->footer("Its code is run, each check in a process and an empty folder of its own: init(),\n"
                     "fini() and every handler, with good, bad and big input. Give it a configuration\n"
                     "that leads to nothing that must not be touched; {folder} in it is the check's.\n"
                     "The exit code is 0 when no check failed; one that could not be tried says so.\n\n" + example("tasker plugin check build/plugins/shop/cart-1.0.0.so --seed 1"));
    diff_.app = plugin_->add_subcommand("diff", "Say whether one version can replace another");
    diff_.app->add_option("OLD", diff_.arguments.older, "A plugin (.so) or a template (.yaml)")->required()->option_text(" ");
    diff_.app->add_option("NEW", diff_.arguments.newer, "What is to replace it")->required()->option_text(" ");
    add_output(diff_.app, diff_.arguments.output);
    diff_.app->footer("Steps, edges, schema of the context, limits and plugin contract, without running\n"
                      "their code. Open tasks stay on the version they have; this is about those who\n"
                      "submit tasks, read results or refer to handlers. The exit code is 0 when the\n"
                      "new one can take the old one's place.\n\n" + example("tasker plugin diff cart-1.0.0.so cart-1.1.0.so"));
  }

  void add_plugin_version(Slot<PluginVersionArguments>& slot, PluginVersionArguments::Wish wish, const char* name, const char* text) {
    slot.app = plugin_->add_subcommand(name, text);
    slot.arguments.wish = wish;
    slot.app->add_option("VERSION", plugin_ref_, "[NAMESPACE/]NAME@VERSION")->required()->option_text(" ");
    add_client(slot.app, slot.arguments.client);
  }

  void add_template_verbs() {
    template_ = app_.add_subcommand("template", "Look at a workflow's YAML")->require_subcommand(1);
    template_->footer(example("tasker template check quote-1.0.0.yaml"));
    check_.app = template_->add_subcommand("check", "Check templates without a host");
    check_.app->add_option("FILE", check_.arguments.files, "A template (.yaml), or several")->required()->option_text(" ");
    check_.app->add_option("--environment", check_.arguments.environment, "Apply its overrides")->option_text("NAME");
    add_output(check_.app, check_.arguments.output);
    check_.app->footer("Keys, names, types, dependencies and the context's schema: every fault is a line\n"
                       "with its place in the file, a cycle once the rest is right. Whether a handler\n"
                       "that a step names is there, the host says.\n\n" + example("tasker template check quote-1.0.0.yaml"));
  }

  void add_config_verbs() {
    config_ = app_.add_subcommand("config", "Look at the configuration")->require_subcommand(1);
    config_->footer(example("tasker config view --origin"));
    view_.app = config_->add_subcommand("view", "Every key with its value, secrets masked");
    view_.app->add_option("--config", view_.arguments.config, "Configuration file, as of serve")->option_text("FILE");
    view_.app->add_flag("--origin", view_.arguments.origin, "Say where each value came from");
    add_output(view_.app, view_.arguments.output);
    view_.app->footer(example("tasker config view --origin --config tasker.yaml"));
  }

  void add_other_verbs() {
    help_ = app_.add_subcommand("help", "What a command or an error code is about");
    help_->add_option("TOPIC", topics_, "A command, an error code, or: codes, man")->option_text(" ");
    help_->footer(example("tasker help plugin.load_failed"));
    completion_ = app_.add_subcommand("completion", "Print a shell's completion script");
    completion_->add_option("SHELL", shell_, "bash, zsh or fish")->required()->option_text(" ");
    completion_->footer(example("tasker completion fish | source"));
    version_.app = app_.add_subcommand("version", "Print the program's version");
    add_output(version_.app, version_.arguments.output);
    version_.app->footer(example("tasker version -o json"));
  }

  std::variant<Verb, Notice> chosen() {
    if (serve_.app->parsed()) return Verb(serve_.arguments);
    if (dev_.app->parsed()) return Verb(dev_.arguments);
    if (migrate_.app->parsed()) return migrate();
    if (submit_.app->parsed()) return submit();
    if (get_.app->parsed()) return Verb(get_.arguments);
    if (list_.app->parsed()) return list();
    if (watch_.app->parsed()) return Verb(watch_.arguments);
    if (plugins_.app->parsed()) return Verb(plugins_.arguments);
    for (auto* slot : {&show_, &retire_, &resume_, &retry_})
      if (slot->app->parsed()) return plugin_version(slot->arguments);
    if (default_.app->parsed()) return plugin_default();
    if (inspect_.app->parsed()) return Verb(inspect_.arguments);
    if (plugin_check_.app->parsed()) return plugin_check();
    if (diff_.app->parsed()) return Verb(diff_.arguments);
    if (check_.app->parsed()) return Verb(check_.arguments);
    if (view_.app->parsed()) return Verb(view_.arguments);
    if (help_->parsed()) return help();
    if (completion_->parsed()) return completion();
    return Verb(version_.arguments);
  }

  std::variant<Verb, Notice> migrate() {
    if (wait_.empty()) return Verb(migrate_.arguments);
    const auto wait = parse_duration(wait_);
    if (!wait) return usage("--wait: " + wait.error().message);
    migrate_.arguments.wait = *wait;
    return Verb(migrate_.arguments);
  }

  std::variant<Verb, Notice> submit() {
    auto& submit = submit_.arguments;
    // What an unset variable leaves behind: it would submit without the key that was meant to be there.
    if (submit_.app->count("--idempotency-key") > 0 && submit.idempotency_key.empty())
      return usage("--idempotency-key: the key is empty; is the variable that holds it set? Leave the flag out to submit without a key");
    if (std::count(submit.tags.begin(), submit.tags.end(), std::string()) > 0)
      return usage("--tag: a tag is empty; is the variable that holds it set?");
    if (const auto& key = submit.idempotency_key; key.size() > kLongestKey ||
        std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; }))
      return usage(fmt::format("--idempotency-key: must be one word of up to {} printable characters", kLongestKey));
    if (!submit.start_at.empty() && !is_rfc3339(submit.start_at))
      return usage(fmt::format("--start-at: '{}' is no RFC 3339 time; write it like 2030-01-31T09:30:00Z", submit.start_at));
    if (!timeout_.empty()) {
      auto timeout = parse_duration(timeout_);
      if (!timeout) return usage("--timeout: " + timeout.error().message);
      submit.timeout = *timeout;
    }
    if (!submit.from_file.empty()) return Verb(submit);
    if (task_name_.empty()) return usage("name a task, or a file of tasks with --from-file; see: tasker task submit --help");
    auto name = parse_task_name(task_name_);
    if (!name) return usage(name.error().message);
    submit.namespace_name = name->namespace_name;
    submit.name = name->name;
    submit.version = name->version;
    return Verb(submit);
  }

  std::variant<Verb, Notice> plugin_version(PluginVersionArguments& plugin) {
    const auto named = name_plugin(plugin_ref_, timeout_, plugin);
    return named ? std::variant<Verb, Notice>(Verb(plugin)) : usage(named.error().message);
  }
  std::variant<Verb, Notice> plugin_check() {
    auto& check = plugin_check_.arguments;
    if (check.seed && *check.seed > std::numeric_limits<std::uint64_t>::max() - check.cases)
      return usage("--seed: with all its cases it must stay below 2^64");
    if (limit_.empty()) return Verb(check);
    const auto limit = parse_duration(limit_);
    if (!limit) return usage("--limit: " + limit.error().message);
    check.limit = *limit;
    return Verb(check);
  }
  std::variant<Verb, Notice> plugin_default() {
    const auto named = name_plugin(plugin_ref_, default_.app->count("VERSION") > 0, default_.arguments);
    return named ? std::variant<Verb, Notice>(Verb(default_.arguments)) : usage(named.error().message);
  }

  std::variant<Verb, Notice> list() {
    for (const auto& [flag, time] : {std::pair<const char*, std::string*>{"--created-after", &list_.arguments.created_after},
                                     {"--created-before", &list_.arguments.created_before}}) {
      if (const auto day = begin_of_day(*time)) *time = *day;
      if (!time->empty() && !is_rfc3339(*time))
        return usage(fmt::format("{}: '{}' is no day and no RFC 3339 time; write it like 2030-01-31 or 2030-01-31T09:30:00Z", flag, *time));
    }
    const auto& status = list_.arguments.status;
    if (status.empty() || model::task_state_from(status)) return Verb(list_.arguments);
    return usage(fmt::format("--status: '{}' is no state of a task; there are {}", status, fmt::join(task_states(), ", ")));
  }

  Notice help() {
    if (topics_.empty()) return {ExitCode::ok, whole_lines(app_.get_formatter()->make_help(&app_, app_.get_name(), CLI::AppFormatMode::Normal))};
    if (topics_.size() == 1 && topics_.front() == "codes") return {ExitCode::ok, list_of_codes()};
    if (topics_.size() == 1 && topics_.front() == "man") return {ExitCode::ok, manual_page(all_help())};
    if (const auto code = code_from_text(topics_.front()); code && topics_.size() == 1)
      return {ExitCode::ok, help_on_code(*code)};
    std::size_t taken = 0;
    const auto& level = command_at(app_, topics_, taken);
    if (taken == topics_.size()) {
      const auto* parent = level.get_parent();
      return {ExitCode::ok, whole_lines(level.help(parent == &app_ ? "tasker" : "tasker " + parent->get_name()))};
    }
    const auto& word = topics_[taken];
    const auto near = word.find('.') == std::string::npos ? nearest_command(level, word) : nearest_code(word);
    return complaint_of(Code::not_found, fmt::format("there is no command and no error code '{}'{}", fmt::join(topics_, " "),
                                                     did_you_mean(near)));
  }

  Notice completion() {
    const auto script = completion_script(shell_);
    if (script.empty()) return usage(fmt::format("there is no completion for '{}'; there is for bash, zsh and fish", shell_));
    return {ExitCode::ok, std::string(script)};
  }

  std::variant<Verb, Notice> completed(const Words& words) {
    auto found = completions(app_, words);
    if (found.live == LiveValues::none) return Notice{ExitCode::ok, fmt::format("{}\n", fmt::join(found.words, "\n"))};
    return Verb(CompleteArguments{found.live, std::move(found.typed), std::move(found.before), std::move(found.server)});
  }

  // CLI11 would only say that a verb is missing.
  std::optional<Notice> unknown_verb(const std::vector<std::string>& words) {
    std::size_t taken = 0;
    const auto& level = command_at(app_, words, taken);
    if (taken == words.size() && !level.get_subcommands([](const CLI::App*) { return true; }).empty()) return verb_wanted(level);
    const bool takes_verb = !level.get_subcommands([](const CLI::App*) { return true; }).empty();
    if (taken == words.size() || words[taken].starts_with('-') || !takes_verb) return std::nullopt;
    const auto near = nearest_command(level, words[taken]);
    return usage(fmt::format("there is no command '{}'{} See: {} --help", words[taken], near.empty() ? "." : did_you_mean(near),
                             &level == &app_ ? "tasker" : "tasker " + level.get_name()));
  }

  static Notice verb_wanted(const CLI::App& level) {
    const auto name = level.get_parent() == nullptr ? level.get_name() : "tasker " + level.get_name();
    std::string sentence = fmt::format("name a command of `{}`; `{} --help` tells more:", name, name);
    for (const CLI::App* verb : level.get_subcommands([](const CLI::App*) { return true; }))
      sentence += fmt::format("\n  {:<12}{}", verb->get_name(), verb->get_description());
    return usage(sentence);
  }

  static Notice usage(const std::string& sentence) {
    return complaint_of(Code::command_invalid, sentence);
  }
  static Notice complaint_of(Code code, const std::string& sentence) {
    const auto error = make_error(code, sentence);
    return {exit_code_of(error), fmt::format("tasker: {}: {}\n", code_text(code), sentence), error};
  }

  Notice notice_of(const CLI::ParseError& error, const std::vector<std::string>& words) {
    std::ostringstream out, complaint;
    if (app_.exit(error, out, complaint) == 0) return {ExitCode::ok, whole_lines(out.str())};
    std::size_t taken = 0;
    const auto& level = command_at(app_, words, taken);
    for (const auto& word : words)
      if (word.starts_with("--") && word.size() > 2 && level.get_option_no_throw(word.substr(0, word.find('='))) == nullptr)
        return usage(fmt::format("there is no flag '{}'{}", word, did_you_mean(nearest_flag(level, word))));
    const std::string what = error.what();
    return usage(what + (what.ends_with('?') ? "" : ".") + " Run with --help for more information");
  }

  CLI::App app_;
  CLI::App* task_ = nullptr;
  CLI::App* plugin_ = nullptr;
  CLI::App* template_ = nullptr;
  CLI::App* config_ = nullptr;
  CLI::App* help_ = nullptr;
  CLI::App* completion_ = nullptr;
  std::string task_name_, timeout_, limit_, wait_, shell_, plugin_ref_;
  std::vector<std::string> topics_;
  Slot<ServeArguments> serve_{};
  Slot<DevArguments> dev_{};
  Slot<MigrateArguments> migrate_{};
  Slot<TaskSubmitArguments> submit_{};
  Slot<TaskGetArguments> get_{};
  Slot<TaskListArguments> list_{};
  Slot<TaskWatchArguments> watch_{};
  Slot<PluginListArguments> plugins_{};
  Slot<PluginVersionArguments> show_{}, retire_{}, resume_{}, retry_{};
  Slot<PluginDefaultArguments> default_{};
  Slot<PluginInspectArguments> inspect_{};
  Slot<PluginCheckArguments> plugin_check_{};
  Slot<PluginDiffArguments> diff_{};
  Slot<TemplateCheckArguments> check_{};
  Slot<ConfigViewArguments> view_{};
  Slot<VersionArguments> version_{};
};

}  // namespace

std::string page_of_commands() {
  return command_page(Parser().all_help());
}

std::variant<Verb, Notice> parse_arguments(const std::vector<std::string>& words) { return Parser().parse(words); }

}  // namespace tasker::app
