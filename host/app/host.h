// One running host: builds every part, joins them, starts and stops them in order. The only place that knows all
// parts. Used by `serve`, `dev`, the benchmark and the system tests alike.
//
// Order of stopping: http, claims, attempts (grace), completer, plugins, store. The database is its owner's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "plugin/plugin_record.h"

namespace tasker::engine {
class Api;
class Engine;
struct EndedTask;
}

namespace tasker::app {

class Host {
 public:
  struct Options {
    config::Settings settings;
    bool dev = false;                 // a changed plugin file of one version is loaded beside the old one
    bool next_free_port = false;      // when the port is taken
    bool serve_http = true;           // the benchmark calls api() instead
    std::string runner_program{};     // runs isolated plugins, with the verb `runner`; empty: this program
    std::function<void(const std::string& what)> on_stage{};              // what the start waits for next
    std::function<void(const std::string& url)> on_listening{};           // once, before plugins are looked for
    std::function<void(const plugin::PluginRecord&)> on_plugin{};         // [loader] after every transition
    std::function<void(const std::string& what, const std::string& why)> on_ignored{};  // [loader] no plugin
    std::function<void(const std::string& sentence)> on_warning{};        // [loader] something looks wrong
    std::function<void(const engine::EndedTask&)> on_task_ended{};        // [engine] tasks that ended here
    std::function<void(const Error&)> on_failure{};                       // [any] the host cannot go on
  };

  // Migrates the database, registers, loads what lies in the plugins folder in the background.
  static Result<std::unique_ptr<Host>> start(Options options);
  ~Host();  // stops
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Running attempts get the configured grace time, what is left goes back to `ready`. May be called twice.
  void stop();

  std::string url() const;  // of the page; empty without HTTP
  engine::Api& api();       // [any]
  engine::Engine& engine();

 private:
  class Parts;
  explicit Host(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tasker::app
