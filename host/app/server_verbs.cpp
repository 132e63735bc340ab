#include "app/server_verbs.h"

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>

#include <spdlog/fmt/fmt.h>

#include "app/account.h"
#include "app/config_view.h"
#include "app/database_end.h"
#include "app/host.h"
#include "app/host_settings.h"
#include "app/interrupt.h"
#include "app/narration.h"
#include "app/pid_file.h"
#include "app/private_postgres.h"
#include "app/reload.h"
#include "app/shutdown.h"
#include "app/start_guard.h"
#include "app/start_notice.h"
#include "app/terminal.h"
#include "base/log.h"
#include "engine/engine.h"
#include "http/server.h"
#include "store/migrator.h"

namespace tasker::app {
namespace {

constexpr std::chrono::milliseconds kDatabasePause{500};  // between two looks for a database that is not there yet

// Connections, plugins and their files: the soft limit of 1,024 is for programs that use select().
void raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string dev_command(const DevArguments& arguments, const DataDir& data) {
  // The folder is named also when it came from TASKER_DATA: elsewhere the same words would wipe another database.
  return arguments.data.empty() && !std::getenv("TASKER_DATA") ? "tasker dev" : "tasker dev --data " + data.root.string();
}

Error where_to_name_database(const Error& error, std::string_view where) {
  return make_error(error.code, fmt::format("{}. Is it running, and is this the one? Name it with {}.", error.message, where), error.retry);
}

// Runs a host until a signal or a failure. `started` comes with its URL. After `database_end` nothing can be written any
// more, also when that comes while the host stops. `reload` comes with SIGHUP.
ExitCode run_host(Host::Options options, Shutdown& shutdown, const std::function<void(const std::string&)>& started,
                  const std::function<void()>& reload, DatabaseEnd& database_end) {
  const auto grace = options.settings.engine.grace_seconds;
  const bool is_dev = options.dev;
  options.on_listening = started;
  options.on_failure = [&shutdown](const Error& error) {
    report(error);
    shutdown.fail();
  };
  auto host = [&] {
    // A private database has its owner on this thread: it must not be left behind.
    std::optional<StartGuard> guard;
    if (reload) guard.emplace(shutdown);
    StartNotice notice(say);
    options.on_stage = [&notice](const std::string& what) { notice.waits_for(what); };
    return Host::start(std::move(options));
  }();
  if (!host && !is_dev && host.error().code == Code::database_unavailable)
    return report(where_to_name_database(host.error(), "database.url of the configuration file or TASKER_DATABASE__URL"));
  if (!host) return report(host.error());
  database_end.listen([&engine = (*host)->engine()] { engine.database_is_gone(); });
  const bool by_signal = shutdown.wait(reload);
  say(database_end.has_come() ? std::string("stopping: what ran is done again after the next start")
                    : fmt::format("stopping: running attempts get up to {} s; Ctrl-C again ends at once", grace));
  (*host)->stop();
  database_end.listen({});
  log_flush();
  return by_signal ? ExitCode::ok : ExitCode::failed;
}

Result<DataDir> data_dir_of(const DevArguments& arguments) {
  if (auto user = become_invoking_user(); !user) return user.error();
  return create_data_dir(arguments.data.empty() ? default_data_dir().root : std::filesystem::path(arguments.data));
}

Result<std::unique_ptr<PrivatePostgres>> start_database(const DevArguments& arguments, const DataDir& data,
                                                        Shutdown& shutdown, DatabaseEnd& end) {
  if (!std::filesystem::exists(data.pgdata())) say(fmt::format("making a private PostgreSQL in {} …", data.pgdata().string()));
  auto database = PrivatePostgres::start({.data_dir = data.root,
                                          .clean = arguments.clean,
                                          .on_unexpected_exit = [&shutdown, &end, log = data.postgres_log().string()] {
                                            const auto sentence = "the private PostgreSQL ended by itself; see " + log;
                                            say(sentence);
                                            log_error("{}", sentence);
                                            end.tell();
                                            shutdown.fail();
                                          },
                                          .cancel_fd = shutdown.fd()});
  if (database && arguments.clean) {
    std::error_code ignored;
    std::filesystem::remove_all(data.plugin_cache(), ignored);
  }
  return database;
}

// Said when the host listens elsewhere than it was asked to.
std::optional<std::string> busy_port(const std::string& asked, const std::string& url) {
  const auto address = http::parse_listen_address(asked);
  const auto colon = url.rfind(':');
  if (!address || address->port == 0 || colon == std::string::npos) return std::nullopt;
  const int port = std::atoi(url.c_str() + colon + 1);
  if (port == address->port) return std::nullopt;
  return fmt::format("port {} is taken by another program; this host has the next free one, {}", address->port, port);
}

Result<config::Settings> settings_of(const std::string& file) {
  for (const auto& sentence : config::misspelt_variables(config::process_variables())) say("warning: " + sentence);
  return read_settings(file);
}

// Made at the start, as said: a mistyped folder would otherwise stay empty without a word.
void say_missing_folder(const std::string& folder) {
  std::error_code failed;
  if (std::filesystem::exists(folder, failed) || failed) return;
  if (std::filesystem::create_directories(folder, failed)) say("made folder " + folder + " for plugins");
}

// As often as it takes, while the database cannot be reached and the time is not over.
Result<store::MigrationReport> migrate_within(const std::string& database, const std::optional<std::chrono::milliseconds>& wait) {
  const auto until = std::chrono::steady_clock::now() + wait.value_or(std::chrono::milliseconds(0));
  for (bool told = false;;) {
    auto migrated = store::migrate(database);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (migrated || migrated.error().code != Code::database_unavailable || left.count() <= 0) return migrated;
    if (!std::exchange(told, true)) say("waiting for the database: " + migrated.error().message);
    if (Interrupt interrupt; interrupt.wait(std::min(left, kDatabasePause)))  // a migration itself ends by the signal's default
      return make_error(Code::command_interrupted, "interrupted while waiting for the database");
  }
}

}  // namespace

ExitCode run_serve(const ServeArguments& arguments) {
  const auto file = choose_config(arguments.config);
  if (file.empty())
    return report(make_error(Code::config_not_found, "there is no /etc/tasker/tasker.yaml; name a configuration file "
                                                     "with --config or TASKER_CONFIG"));
  auto settings = settings_of(file);
  if (!settings) return report(settings.error());
  if (arguments.print_config) return run_config_view({.config = file, .origin = true});
  if (arguments.check_config) {
    say(fmt::format("{} is good", file));
    return ExitCode::ok;
  }
  Shutdown shutdown(Shutdown::Hangup::reloads);
  raise_open_files();
  if (auto log = open_log(*settings); !log) return report(log.error());
  say_warning_about_root();
  const auto pid_file = PidFile::write(arguments.pid_file);
  if (!pid_file) return report(pid_file.error());
  DatabaseEnd never;
  return run_host({.settings = *settings}, shutdown, [&](const std::string& url) {
    say(fmt::format("tasker is running at {}, plugins in {}", url, settings->plugins.dir));
    say_missing_folder(settings->plugins.dir);
  }, Reload(*settings, [file] { return read_settings(file); }), never);
}

ExitCode run_dev(const DevArguments& arguments) {
  auto data = data_dir_of(arguments);
  if (!data) return report(data.error());
  auto settings = settings_of(arguments.config);
  if (!settings) return report(settings.error());
  // Before a database is made for a host that could not listen.
  const auto listen = complete_listen_address(arguments.listen, settings->http.listen);
  if (const auto good = config::check_listen_address(listen); !good)
    return report(make_error(Code::http_address_refused, "--listen: " + good.error().message));
  Shutdown shutdown(Shutdown::Hangup::ends);
  raise_open_files();
  say_warning_about_root();
  DatabaseEnd database_end;
  auto database = start_database(arguments, *data, shutdown, database_end);
  if (!database) return report(database.error());
  *settings = dev_settings(*settings, arguments, *data, (*database)->connection_string());
  if (auto log = open_log(*settings); !log) return report(log.error());

  Host::Options options{.settings = *settings, .dev = true, .next_free_port = true};
  options.on_plugin = [](const plugin::PluginRecord& plugin) {
    if (const auto sentence = sentence_about(plugin); !sentence.empty()) say(sentence);
  };
  options.on_ignored = [](const std::string& what, const std::string& why) {
    say(fmt::format("{} is ignored: {}", printable(what), printable(why)));
  };
  options.on_warning = [](const std::string& sentence) { say("warning: " + printable(sentence)); };
  const auto code = run_host(std::move(options), shutdown, [&](const std::string& url) {
    if (auto written = write_address(*data, url); !written) report(written.error());
    if (const auto taken = busy_port(settings->http.listen, url)) say(*taken);
    say_started({url, settings->plugins.dir, settings->log.file, dev_command(arguments, *data)}, *data);
    say_missing_folder(settings->plugins.dir);
  }, {}, database_end);
  remove_address(*data);
  if (auto stopped = (*database)->stop(); !stopped) return report(stopped.error());
  return code;
}

ExitCode run_migrate(const MigrateArguments& arguments) {
  auto database = arguments.database;
  if (database.empty()) {
    auto settings = settings_of(choose_config(arguments.config));
    if (!settings) return report(settings.error());
    database = settings->database.url;
  }
  auto migrated = migrate_within(database, arguments.wait);
  if (!migrated && migrated.error().code == Code::database_unavailable)
    return report(where_to_name_database(migrated.error(), "--database, TASKER_DATABASE__URL or a configuration file"));
  if (!migrated) return report(migrated.error());
  for (const auto& name : migrated->applied) say("applied " + name);
  for (const auto& warning : migrated->warnings) say("warning: " + warning);
  say("the database has this program's schema");
  return ExitCode::ok;
}

}  // namespace tasker::app
