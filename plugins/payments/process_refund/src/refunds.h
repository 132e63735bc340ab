// The plugin's state and its four steps. A payment is one that another plugin has left in the ledger, or a
// record of the collection "payments". Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace payments_process_refund {

class Refunds {
 public:
  explicit Refunds(const tasker::Json& config) : office_("payments/process_refund", config) {}

  // [worker]
  tasker::Json validate_payment_eligibility(tasker::Call& call);
  tasker::Json process_gateway_refund(tasker::Call& call);
  tasker::Json update_payment_records(tasker::Call& call);
  tasker::Json notify_customer(tasker::Call& call);

 private:
  tasker::Json find_payment(tasker::Call& call);

  shop::Office office_;
};

}  // namespace payments_process_refund
