// The plugin's state and its five steps. The money is not here: payments/process_refund gives it back, a task
// of its own that is created over the host's REST API. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include <string>

#include "shop/office.h"
#include "shop/web.h"

namespace customer_success_process_refund {

class HelpDesk {
 public:
  // [loader] Throws PermanentError config.invalid.
  explicit HelpDesk(const tasker::Json& config);

  // [worker]
  tasker::Json validate_refund_request(tasker::Call& call);
  tasker::Json check_refund_policy(tasker::Call& call);
  tasker::Json get_manager_approval(tasker::Call& call);
  tasker::Json execute_refund_workflow(tasker::Call& call);
  tasker::Json update_ticket_status(tasker::Call& call);

 private:
  // The right to have a ticket refunded, which one task has at a time.
  std::string open_claim(tasker::Call& call);
  void give_up(tasker::Call& call, const std::string& claim);

  shop::Office office_;
  shop::Web web_;
  const std::string tasker_url_;
};

}  // namespace customer_success_process_refund
