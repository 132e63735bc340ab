// Task templates from a few words, for tests: "a; b: a; c: a; d: b c". A step whose name ends in `!` allows one attempt.
#pragma once

#include <memory>
#include <string>

#include "model/task_template.h"

namespace tasker::test {

struct Published {
  TemplateId template_id{};
  PluginId plugin_id{};
};

std::shared_ptr<const model::TaskTemplate> template_of(const std::string& name, const std::string& graph,
                                                       const std::string& version = "1.0.0");

}  // namespace tasker::test
