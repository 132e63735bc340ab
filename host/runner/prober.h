// Has every library tried before it is opened in the host: by a prober, a child with one thread that forks for each
// (prober_child.h). It is started when it is needed, does several at once, and goes when it is idle; what was found sound is
// remembered over restarts. When the prober itself is lost, its questions are asked again, one at a time, so that none
// pays for another.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace tasker::plugin {
struct LoadRequest;
}

namespace tasker::runner {

struct ProberOptions {
  std::string program = "/proc/self/exe";  // has the verb `runner`
  std::chrono::seconds limit{5};           // for one library
  std::chrono::milliseconds idle{10'000};  // then the prober goes
  std::filesystem::path known;             // the file with what was found sound
};

class Prober {
 public:
  explicit Prober(ProberOptions options);
  ~Prober();  // stops
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // [any] `done` comes once: at once when the bytes are known to be sound, else on the prober's thread. It must not block.
  void probe(const plugin::LoadRequest& request, std::function<void(Result<void>)> done);
  // [any] Those bytes are tried again when they come next.
  void forget(const std::string& sha256);

  // What is still asked is answered with Code::stopping. May be called twice.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tasker::runner
