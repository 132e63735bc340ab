#include "checker/apart.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error_codes.h"
#include "base/log.h"
#include "runner/death.h"
#include "runner/sandbox.h"
#include "runner/trial.h"

namespace tasker::checker {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kTickMs = 20;

// Where a plugin's relative paths lead: it must not litter the folder that the checker was called in.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "tasker-check-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

runner::Told told_of(const Answer& answer) {
  return {.code = answer.code, .message = answer.message, .mark = static_cast<std::uint8_t>(answer.verdict)};
}

Answer answer_of(const runner::Probed& probed) {
  auto verdict = static_cast<Verdict>(probed.mark);
  // The trial's own words, such as what a body threw, have a code and no mark.
  if (!probed.code.empty()) verdict = Verdict::failed;
  return {verdict, std::string(probed.message), std::string(probed.code)};
}

// False: it was interrupted.
bool wait_for(runner::Trial& trial, milliseconds limit, const Whereabouts& where, const Interrupted& interrupted) {
  auto changes = where.changes();
  for (auto last = Steady::now(); !trial.has_ended();) {
    pollfd files[] = {{trial.verdict(), POLLIN, 0}, {trial.output(), POLLIN, 0}};
    ::poll(files, 2, kTickMs);
    trial.read();
    const auto now = Steady::now();
    trial.spend(std::chrono::duration_cast<milliseconds>(now - last));
    last += std::chrono::duration_cast<milliseconds>(now - last);
    if (std::exchange(changes, where.changes()) != changes) trial.renew(limit);
    if (interrupted()) return false;
  }
  return true;
}

std::string doing(const Whereabouts& where) {
  const auto words = where.words();
  return words.empty() ? "" : " (" + words + ")";
}

}  // namespace

Result<Finding> run_apart(const std::string& check, milliseconds limit, const Whereabouts& where, const Interrupted& interrupted,
                          const Body& body) {
  const auto begin = Steady::now();
  const ScratchFolder folder;
  const auto whole = [&] {
    if (folder.path().empty() || ::chdir(folder.path().c_str()) != 0)
      return runner::Told{std::string(code_text(Code::internal)), std::string("no folder for temporary files: ") + std::strerror(errno)};
    auto told = told_of(body(folder.path()));
    log_flush();
    std::fflush(nullptr);
    return told;
  };
  std::fflush(nullptr);
  auto trial = runner::Trial::start(0, limit, -1, whole);
  Finding finding{.check = check};
  if (!trial) {
    finding.verdict = Verdict::failed;
    finding.code = code_text(trial.error().code);
    finding.message = trial.error().message;
    return finding;
  }
  if (!wait_for(*trial, limit, where, interrupted)) return make_error(Code::command_interrupted, "interrupted; the check that ran was ended");
  const auto probed = trial->probed();
  finding.output = probed.output;
  if (probed.was_too_slow) {
    finding.verdict = Verdict::failed;
    finding.code = code_text(Code::plugin_timeout);
    finding.message = "it did not end within " + std::to_string(limit.count()) + " ms" + doing(where);
  } else if (!probed.has_verdict) {
    finding.verdict = Verdict::failed;
    finding.code = code_text(Code::plugin_crashed);
    finding.message = "the process ended: " +
                      runner::how_it_ended({.status = probed.status, .ran_out_of_memory = probed.ran_out_of_memory,
                                            .memory_mib = runner::is_sanitized() ? 0 : runner::kProbeMemoryMib}) + doing(where);
  } else {
    auto answer = answer_of(probed);
    finding.verdict = answer.verdict;
    finding.message = std::move(answer.message);
    finding.code = std::move(answer.code);
    if (finding.verdict == Verdict::failed && finding.code.empty()) finding.code = code_text(Code::plugin_check_failed);
  }
  finding.took = std::chrono::duration_cast<milliseconds>(Steady::now() - begin);
  return finding;
}

}  // namespace tasker::checker
