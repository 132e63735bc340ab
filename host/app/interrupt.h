// Ctrl-C for the client verbs: from construction on it is noted instead of ending the program. Made once, before
// other threads. Server verbs have their own (shutdown.h).
#pragma once

#include <chrono>

namespace tasker::app {

class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  bool requested();
  // True when Ctrl-C came within `patience`, at once.
  bool wait(std::chrono::milliseconds patience);

 private:
  int file_ = -1;  // a signalfd for SIGINT and SIGTERM
  bool requested_ = false;
};

}  // namespace tasker::app
