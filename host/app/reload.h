// SIGHUP: the configuration is read again, and what a running host can take of it is taken: level, format and file of the
// log, whose file is opened anew in any case (logrotate). What waits for the next start is said.
// A configuration that is not good changes nothing. Main thread.
#pragma once

#include <functional>
#include <string>

#include "config/settings.h"

namespace tasker::app {

// Opens the log as the settings say, hides their secrets from it, and gives the crash report its file.
Result<void> open_log(const config::Settings& settings);

class Reload {
 public:
  using Read = std::function<Result<config::Settings>()>;
  Reload(config::Settings running, Read read) : running_(std::move(running)), read_(std::move(read)) {}
  void operator()();

 private:
  config::Settings running_;  // what this host really runs with
  Read read_;
};

}  // namespace tasker::app
