// The plugin's state and its three steps. Payments are booked by account, gateway against revenue and tax, so
// that the sums of all accounts are zero at any time. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace payments_process_order {

class Till {
 public:
  explicit Till(const tasker::Json& config) : office_("payments/process_order", config) {}

  // [worker]
  tasker::Json validate_order(tasker::Call& call);
  tasker::Json process_payment(tasker::Call& call);
  tasker::Json send_confirmation(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace payments_process_order
