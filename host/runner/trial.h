// One trial of a plugin: a forked process that runs some of its code, and what its parent sees of that. For programs that have
// one thread: the prober, which opens libraries so, and the checker (checker/apart.h).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "runner/probe_messages.h"
#include "runner/trial_child.h"

namespace tasker::runner {

class Trial {
 public:
  // Forks. In the child, which runs `body`, it never returns. `channel` is closed there, if it is one.
  static Result<Trial> start(std::uint64_t token, std::chrono::milliseconds limit, int channel, const TrialBody& body);
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
  // It may take so long from now on.
  void renew(std::chrono::milliseconds limit);
  // Whether it has ended; then probed() says how.
  bool has_ended();
  Probed probed() const;

 private:
  Trial(std::uint64_t token, std::chrono::milliseconds limit, pid_t process, int verdict, int output)
      : token_(token), process_(process), verdict_(verdict), output_(output), left_(limit) {}

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
