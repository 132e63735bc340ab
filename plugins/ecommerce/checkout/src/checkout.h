// The plugin's state and its five steps. The amount is held before the goods are taken and only collected
// with the order, so that an order that fails for want of stock has cost nobody anything. Handlers run on
// many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace checkout {

class Checkout {
 public:
  explicit Checkout(const tasker::Json& config) : office_("ecommerce/checkout", config) {}

  // [worker]
  tasker::Json validate_cart(tasker::Call& call);
  tasker::Json process_payment(tasker::Call& call);
  tasker::Json update_inventory(tasker::Call& call);
  tasker::Json create_order(tasker::Call& call);
  tasker::Json send_confirmation(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace checkout
