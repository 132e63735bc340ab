#include "app/reload.h"

#include "base/counted.h"
#include "base/log.h"
#include "base/secrets.h"
#include "config/view.h"
#include "plugin/crash_report.h"

#include <cstdlib>

namespace tasker::app {

Result<void> open_log(const config::Settings& settings) {
  config::hide_secrets_of(settings);
  if (const char* password = std::getenv("PGPASSWORD")) hide(password);
  const auto opened = log_open({.level = settings.log.level, .format = settings.log.format, .file = settings.log.file});
  if (!opened) return opened.error();
  plugin::install_crash_report(settings.log.file);
  return {};
}

void Reload::operator()() {
  auto settings = read_();
  if (!settings) return log_failure(LogLevel::error, settings.error(), "SIGHUP: the configuration stays as it was: {}");
  if (const auto opened = open_log(*settings); !opened)
    return log_failure(LogLevel::error, opened.error(), "SIGHUP: the configuration stays as it was: {}");
  const auto changes = config::changes_between(running_, *settings);
  std::size_t taken = 0;
  for (const auto& change : changes) {
    taken += change.is_reloadable;
    if (change.is_reloadable)
      log_info("SIGHUP: {} is now {}, it was {}", change.key, change.after, change.before);
    else
      log_warn("SIGHUP: {} cannot change while the host runs: it stays {} until the next start, then it is {}", change.key,
               change.before, change.after);
  }
  log_info("SIGHUP: the configuration was read again, {} changed{}", counted(taken, "key"),
           taken == changes.size() ? "" : fmt::format(", {} cannot until the next start", changes.size() - taken));
  running_.log = settings->log;  // the part that was taken
}

}  // namespace tasker::app
