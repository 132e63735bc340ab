// A bound workflow as the loader holds it: no code of its own, only handlers of others, which keep those plugins in the process
// for as long as an attempt or this version may need them. [loader]
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "plugin/held_plugin.h"

namespace tasker::plugin {

class Workflow final : public HeldPlugin {
 public:
  // One handler a step.
  explicit Workflow(std::vector<std::shared_ptr<engine::Handler>> handlers) : handlers_(std::move(handlers)) {}

  void rename(const std::string&) override {}  // its handlers speak in their plugins' names
  std::vector<std::shared_ptr<engine::Handler>> handlers() override { return handlers_; }
  void finish() override { handlers_.clear(); }
  bool retire(std::chrono::steady_clock::time_point) override {
    handlers_.clear();
    return true;
  }

 private:
  std::vector<std::shared_ptr<engine::Handler>> handlers_;
};

}  // namespace tasker::plugin
