// Starting other programs: the PostgreSQL server and its tools. Not for plugins' runners, which speak a protocol.
// A command may run as another account, in its own session, and may be bound to the life of its starter.
// Everything here blocks; each wait has a deadline.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tasker::app {

// An account of this machine, as in /etc/passwd.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
};

struct Command {
  std::vector<std::string> argv;          // argv[0] is the program's full path
  std::optional<Account> account{};       // empty: as ourselves
  std::string directory = "/";            // entered as that account
  std::string input{};                    // given on stdin, at most one pipe's worth (64 KiB)
  bool own_session = false;               // a terminal's Ctrl-C does not reach it
  int signal_on_parent_death = 0;         // sent when the thread that called spawn() ends; 0: none
  int cancel_fd = -1;                     // run() ends when it becomes readable; nothing is read from it
};

struct Finished {
  int exit_code = -1;  // 128 + signal when killed
  std::string output;  // stdout and stderr together, cut at 64 KiB
};

// Starts `command` with stdout and stderr going to `output_fd`. The environment is a clean one: PG* variables of
// the caller must not reach the server. Call from a thread that outlives the process if it has a death signal.
Result<pid_t> spawn(const Command& command, int output_fd);

// Runs to the end; killed with its session at the deadline (Code::timed_out) or when `cancel_fd` says so
// (Code::command_interrupted).
Result<Finished> run(const Command& command, std::chrono::milliseconds deadline);

}  // namespace tasker::app
