// The plugin's state and its four steps. What is configured is in the README. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace order_processing {

class OrderDesk {
 public:
  explicit OrderDesk(const tasker::Json& config) : office_("ecommerce/order_processing", config) {}

  // [worker]
  tasker::Json validate_cart(tasker::Call& call);
  tasker::Json check_inventory(tasker::Call& call);
  tasker::Json calculate_pricing(tasker::Call& call);
  tasker::Json create_order(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace order_processing
