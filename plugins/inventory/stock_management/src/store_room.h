// The plugin's state and its two steps. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace stock_management {

class StoreRoom {
 public:
  explicit StoreRoom(const tasker::Json& config) : office_("inventory/stock_management", config) {}

  // [worker]
  tasker::Json monitor_stock_levels(tasker::Call& call);
  tasker::Json identify_low_stock(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace stock_management
