// A private database of its own making with a host on it, as each measurement starts: fresh tables, the bench plugins
// loaded. A failure to start ends the program with its reason.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "app/private_postgres.h"
#include "arguments.h"
#include "config/settings.h"
#include "end_counter.h"
#include "resources.h"

namespace tasker::app {
class Host;
}

namespace tasker::bench {

class Session {
 public:
  explicit Session(const Arguments& arguments);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Returns when every bench plugin is loaded. `change` is the last to touch the host's settings.
  void start_host(const std::function<void(config::Settings&)>& change = {});
  void stop_host();

  app::Host& host() { return *host_; }
  EndCounter& ends() { return ends_; }
  const std::string& conninfo() const { return conninfo_; }
  CpuSeconds cpu() const;

 private:
  const Arguments& arguments_;
  std::unique_ptr<app::PrivatePostgres> postgres_;
  std::string conninfo_;
  EndCounter ends_;
  std::unique_ptr<app::Host> host_;
};

// Says why on stderr and ends the program: a benchmark that cannot go on has nothing to report.
[[noreturn]] void give_up(const std::string& why);

}  // namespace tasker::bench
