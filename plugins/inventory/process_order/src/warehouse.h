// The plugin's state and its three steps. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace inventory_process_order {

class Warehouse {
 public:
  explicit Warehouse(const tasker::Json& config) : office_("inventory/process_order", config) {}

  // [worker]
  tasker::Json validate_order(tasker::Call& call);
  tasker::Json reserve_stock(tasker::Call& call);
  tasker::Json create_pick_list(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace inventory_process_order
