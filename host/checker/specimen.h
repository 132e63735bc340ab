// One life of a plugin in the process of a check: opened and begun as a host does it, attempts run as a host runs them, ended as a
// host ends it. Used on one thread, but for attempts, which may run on several.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "checker/subject.h"
#include "engine/ports.h"

namespace tasker::plugin {
class LoadedPlugin;
class AttemptTable;
}

namespace tasker::checker {

// JSON as an attempt is given it. It may be none, on purpose.
struct Input {
  std::string context = "{}", inputs = "{}";
  std::uint32_t stop_bits = 0;  // engine::StopBit, set before the attempt begins
};

class Specimen {
 public:
  // Opens the library and checks its tables, no more.
  static Result<void> open(const Subject& subject);
  // Opens the library and calls init(). Code::plugin_init_failed, with the plugin's own words, is an answer and no misdeed.
  static Result<std::unique_ptr<Specimen>> begin(const Subject& subject, const std::string& config);
  ~Specimen();

  // One attempt of a step, from run() to its outcome, however it comes; on the calling thread.
  engine::AttemptOutcome run(const model::StepTemplate& step, const Input& input);
  // Nothing: it did not end in time, and its thread is left in it. The specimen must then be left alive as well.
  std::optional<engine::AttemptOutcome> run_within(std::chrono::milliseconds time, const model::StepTemplate& step, const Input& input);

  // drain() and fini(). False: an attempt was still inside.
  bool end();
  // After end(): whether the library left the process.
  bool unload();

  std::uint64_t misdeeds() const;
  std::uint64_t extensions_asked() const;

 private:
  explicit Specimen(const Subject& subject) : subject_(subject) {}

  const Subject& subject_;
  std::atomic<int> attempts_begun_{0};
  std::shared_ptr<plugin::AttemptTable> attempts_;
  std::shared_ptr<plugin::LoadedPlugin> plugin_;
  std::vector<std::shared_ptr<engine::Handler>> handlers_;  // [ord - 1]
};

}  // namespace tasker::checker
