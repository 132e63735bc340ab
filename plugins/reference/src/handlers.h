// The handlers of the reference workflows. A step's values are those of its parent, or of the context where
// it has none; `part` and `of` in its handler_config take a part of them. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "series.h"
#include "shop/office.h"

namespace reference {

class Handlers {
 public:
  explicit Handlers(const tasker::Json& config) : office_("reference", config) {}

  // [worker]
  tasker::Json load(tasker::Call& call) const;
  tasker::Json limits(tasker::Call& call) const;
  tasker::Json check(tasker::Call& call) const;
  tasker::Json slice(tasker::Call& call) const;
  tasker::Json sort(tasker::Call& call) const;
  tasker::Json scale(tasker::Call& call) const;
  tasker::Json keep_within(tasker::Call& call) const;
  tasker::Json median(tasker::Call& call) const;
  tasker::Json summarise(tasker::Call& call) const;
  tasker::Json check_summary(tasker::Call& call) const;
  tasker::Json combine(tasker::Call& call) const;
  tasker::Json merge_sorted(tasker::Call& call) const;
  tasker::Json chart(tasker::Call& call) const;
  tasker::Json write_scratch(tasker::Call& call) const;
  tasker::Json remove_scratch(tasker::Call& call) const;
  // What its parents gave, as reports/<workflow>-task-<task_id>.json.
  tasker::Json write(tasker::Call& call) const;

 private:
  shop::Office office_;
};

}  // namespace reference
