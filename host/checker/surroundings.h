// What a plugin shares with every other in its process and must leave as it found it: threads, descriptors, the working directory,
// locale, signal mask and handlers, environment, file mode mask, child processes. Read from this process, on the calling thread.
#pragma once

#include <string>
#include <vector>

namespace tasker::checker {

class Surroundings {
 public:
  static Surroundings now();
  // In words, what `later` has otherwise; empty: nothing.
  std::vector<std::string> changes_to(const Surroundings& later) const;

 private:
  struct Descriptor {
    std::string number, target;
    bool operator==(const Descriptor&) const = default;
  };
  std::vector<std::string> threads_;  // numbers
  std::vector<Descriptor> descriptors_;
  std::string directory_, locale_, signal_mask_, mode_mask_;
  std::vector<std::string> handlers_;  // by signal: the address of its handler
  std::vector<std::string> environment_;
  bool has_children_ = false;
};

}  // namespace tasker::checker
