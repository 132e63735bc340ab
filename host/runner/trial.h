// One library's trial: a forked process that opens it, and what its parent sees of that. The prober's only thread runs all.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "runner/probe_messages.h"

namespace tasker::runner {

class Trial {
 public:
  // Forks. In the child it never returns. `channel` is closed there.
  static Result<Trial> start(std::uint64_t token, const Probe& probe, int channel);
  // Kills what is left of it, with every process that it started and that stayed in its group.
  ~Trial();
  Trial(Trial&& other) noexcept;
  Trial& operator=(Trial&&) = delete;

  std::uint64_t token() const { return token_; }
  int verdict() const { return verdict_; }  // to be waited for; -1: nothing more comes
  int output() const { return output_; }
  void read();
  // So much of its time has gone by.
  void spend(std::chrono::milliseconds time);
  // Whether it has ended; then probed() says how.
  bool has_ended();
  Probed probed() const;

 private:
  Trial(std::uint64_t token, std::uint32_t limit_ms, pid_t process, int verdict, int output)
      : token_(token), process_(process), verdict_(verdict), output_(output), left_(limit_ms) {}

  std::uint64_t token_;
  pid_t process_;  // 0: reaped
  int verdict_, output_;
  std::chrono::milliseconds left_;
  bool was_too_slow_ = false;
  int status_ = 0;
  std::string told_, printed_;
  std::uint64_t left_out_ = 0;
};

}  // namespace tasker::runner
