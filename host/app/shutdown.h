// When a host is to end: Ctrl-C, SIGTERM, a closed terminal, or a part that cannot go on. The first one is told to the
// waiting main thread; a second signal ends the process at once, by the signal's default. For a service SIGHUP is no end
// but asks it to read its configuration again.
#pragma once

#include <functional>
#include <string>

namespace tasker::app {

class Shutdown {
 public:
  // One a process, made before other threads. Also makes writing to a closed pipe an error instead of a death.
  enum class Hangup { ends, reloads };
  explicit Shutdown(Hangup hangup);
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  // [any] A part of the host cannot go on; `wait` answers false.
  void fail();
  // Readable once it was asked to end; nobody but wait() reads from it.
  int fd() const;
  // [any] A signal asked to end, whether or not anybody waits.
  bool was_signalled() const;
  // Blocks until asked to end, and calls `reload` whenever asked to. True: it was a signal.
  bool wait(const std::function<void()>& reload = {});
};

}  // namespace tasker::app
