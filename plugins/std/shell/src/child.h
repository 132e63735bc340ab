// One program as a child of the host: in a session of its own, so that all that it starts can be ended with it; with the
// three standard descriptors and no other; killed when the host is. The thread that started it waits for it.
#pragma once

#include <sys/types.h>

#include <optional>

#include "command.h"
#include "pipes.h"

namespace std_shell {

class Child {
 public:
  // Throws PermanentError shell.cannot_start, with the reason, or RetryableError shell.no_resources.
  explicit Child(const Command& command);
  ~Child();  // kills it and all that it started, and waits for its end
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Descriptor& input() { return input_; }
  Descriptor& output() { return output_; }
  Descriptor& errors() { return errors_; }

  // As waitpid says it; empty while it runs.
  std::optional<int> status();
  // Readable when it has ended.
  const Descriptor& end() const { return end_; }
  // Only before status() has told the end.
  void signal_group(int number) const;

 private:
  void await_start(Descriptor trouble, const std::string& program);

  pid_t process_ = -1;
  std::optional<int> status_;
  Descriptor input_, output_, errors_, end_;
};

}  // namespace std_shell
