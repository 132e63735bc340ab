// One process of the real program: started, waited for by its own words and its readiness, signalled, killed, read.
// It dies with the test. When a test has failed, its output and log are shown. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "system/support/eventually.h"
#include "system/support/http_client.h"

namespace tasker::test {

class TaskerProcess {
 public:
  // `arguments` without the program; stdout and stderr are appended to `output`; `environment` entries are "NAME=value".
  // Starts at once.
  TaskerProcess(std::vector<std::string> arguments, std::filesystem::path output,
                const std::vector<std::string>& environment = {});
  ~TaskerProcess();  // killed if it still runs
  TaskerProcess(const TaskerProcess&) = delete;
  TaskerProcess& operator=(const TaskerProcess&) = delete;

  // Until it says where it listens and answers /tasker/health/ready with 200. The test fails when it does not.
  bool wait_until_ready(std::chrono::seconds deadline = std::chrono::seconds(120));
  bool wait_for_output(const std::string& text, std::chrono::milliseconds deadline = kPatience) const;
  const HttpClient& http() const { return http_; }

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void kill_hard();  // SIGKILL, and waits for the end
  void freeze();     // SIGSTOP, and waits until every thread of it stands still; SIGCONT wakes it
  // The exit code, or 128 + signal; empty when it runs on beyond the deadline.
  std::optional<int> wait_for_exit(std::chrono::milliseconds deadline = kPatience);

  std::string output() const;  // of this process alone
  void also_show(std::filesystem::path log) { logs_.push_back(std::move(log)); }

 private:
  std::vector<std::string> arguments_;
  std::filesystem::path output_;
  std::uintmax_t output_start_ = 0;
  std::vector<std::filesystem::path> logs_;
  pid_t pid_ = 0;
  std::optional<int> exit_code_;
  HttpClient http_;
};

struct Finished {
  int exit_code = -1;  // -1: it did not end in time
  std::string out, err;
};
// A verb that ends by itself, such as `task get`. `environment` entries are "NAME=value".
Finished run_tasker(const std::vector<std::string>& arguments, const std::vector<std::string>& environment = {},
                    std::chrono::milliseconds deadline = kPatience);

// What is under test: <build>/bin/tasker, and plugins by "test/echo-1.0.0.so" or "default/order_process-1.0.0.so".
std::filesystem::path tasker_program();
std::filesystem::path built_plugin(const std::string& name);

}  // namespace tasker::test
