// A host's end of one prober process: what goes there, what comes back, what it prints, and its end. One thread, which lives
// as long as the host: when it ends, the kernel kills the prober.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runner/frame.h"
#include "runner/output_lines.h"
#include "runner/spawn.h"

namespace tasker::runner {

class ProberLink {
 public:
  static Result<std::unique_ptr<ProberLink>> start(const std::string& program);
  ~ProberLink();  // kills it
  ProberLink(const ProberLink&) = delete;
  ProberLink& operator=(const ProberLink&) = delete;

  // Append frames, then flush.
  std::string& out() { return out_; }
  // False: it is gone.
  bool flush();
  bool has_more_to_send() const { return !out_.empty(); }
  int channel() const { return spawned_.channel; }
  int output() const { return spawned_.output; }  // -1: it ended
  // Hands over what has come; false: it is gone, or wrote what no prober writes.
  bool read(const std::function<void(const Frame&)>& take);
  void read_output();

 private:
  explicit ProberLink(const Spawned& spawned);

  Spawned spawned_;
  FrameReader reader_;
  OutputLines lines_;
  std::string out_;
};

}  // namespace tasker::runner
