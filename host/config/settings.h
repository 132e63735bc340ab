// The configuration file, read at start into a value that never changes; a SIGHUP reads another (app/reload.h). YAML; each
// key can be overridden by the environment as TASKER_SECTION__KEY (TASKER_ENGINE__WORKERS=8; the key outside the sections
// is TASKER_ENVIRONMENT), or, where a value may be secret, by the file that TASKER_SECTION__KEY_FILE names. Unknown keys
// are refused with their place and the nearest known one. Every wait is in the unit that ends its name.
// config/tasker.yaml holds all keys with these defaults; a test compares the two.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "config/isolation.h"

namespace tasker::config {

struct Settings {
  // Which part of a template's `environments` is merged in: development, test, production, or a name of your
  // own.
  std::string environment = "development";

  struct Database {
    std::string url = "postgresql:///tasker";  // a libpq connection string or URI
    int writers = 2;  // connections that complete, claim and submit; each serves its lanes alone
    bool operator==(const Database&) const = default;
  } database;

  struct Http {
    std::string listen = "127.0.0.1:8765";  // address:port; loopback only; port 0 takes a free one
    int max_body_mib = 16;                  // larger requests are refused
    int idempotency_hours = 24;             // how long an Idempotency-Key counts
    bool access_log = false;                // a line in the log for each request
    bool operator==(const Http&) const = default;
  } http;

  struct Plugins {
    std::string dir = "/var/lib/tasker/plugins";      // <dir>/<namespace>/<name>-<version>.so
    std::string state_dir = "/var/lib/tasker/state";  // a folder a database with copies of what is loaded; crash records
    std::string allow_list;   // file with a line for each plugin that may run; empty: there is no such list
    int rescan_seconds = 30;  // full look at the folder, should a notification have been lost
    int settle_ms = 300;      // a file is taken when it has not changed for so long
    int init_seconds = 30;    // what a plugin's init() may take
    int probe_seconds = 5;    // what a library may take to open, in the process that tries it first
    int drain_timeout_seconds = 60;  // for what holds up the unloading of a version, before it is called stuck
    // "<namespace>/<name>" -> JSON object that the plugin's init receives.
    std::map<std::string, std::string> configuration;
    std::string isolation = "in_process";  // where plugins run: in_process, process
    IsolationOverrides isolation_of;       // by "<namespace>" and "<namespace>/<name>"
    bool operator==(const Plugins&) const = default;
  } plugins;

  RunnerSettings runner;  // of plugins in processes of their own

  struct Engine {
    int workers = 16;          // threads for handlers that block
    int async_workers = 2;     // threads for handlers that return at once and complete later
    int max_in_flight = 4096;  // claimed steps that this host holds at most
    int poll_ms = 250;         // between looks for work that nobody announced
    int working_set_mib = 64;  // contexts and results of running tasks kept in memory
    int grace_seconds = 30;    // at stop: what running attempts get to finish
    bool operator==(const Engine&) const = default;
  } engine;

  struct Liveness {
    int heartbeat_seconds = 2;  // between two heartbeats of this host
    int timeout_seconds = 10;   // without one, another host takes over; at least 2, at least two heartbeats
    bool operator==(const Liveness&) const = default;
  } liveness;

  struct Log {
    LogLevel level = LogLevel::info;        // trace, debug, info, warn, error, off
    LogFormat format = LogFormat::human;    // human, json
    std::string file;                       // empty: stderr
    bool operator==(const Log&) const = default;
  } log;

  bool operator==(const Settings&) const = default;
};

// Variables by name; those that do not begin with TASKER_ are ignored.
using Variables = std::map<std::string, std::string>;
Variables process_variables();

// A sentence for each variable that would be a key's if it had the key's double underscore: it is ignored.
std::vector<std::string> misspelt_variables(const Variables& variables);

// Where each value that is no default came from, by key: "/etc/tasker.yaml:12", "environment variable TASKER_LOG__LEVEL".
using Origins = std::map<std::string, std::string>;

// An empty text gives the defaults. Code::config_invalid: `file:line:column: section.key: what is wrong, what
// is allowed`; Code::config_not_found when there is no such file.
Result<Settings> parse_settings(std::string_view text, std::string_view file_name,
                                const Variables& variables = {}, Origins* origins = nullptr);
Result<Settings> load_settings(const std::string& path, const Variables& variables, Origins* origins = nullptr);

// All keys as "section.key", in the order of the file.
std::vector<std::string> settings_keys();

// An address that may be listened on: "127.0.0.1:8765", "[::1]:0", "localhost:80". Others are refused while
// there is no authentication.
Result<std::string> check_listen_address(std::string_view address);

}  // namespace tasker::config
