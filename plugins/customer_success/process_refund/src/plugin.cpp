// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "help_desk.h"
#include "shop/step.h"

using customer_success_process_refund::HelpDesk;

TASKER_PLUGIN(HelpDesk,
              shop::Step<"validate_refund_request", &HelpDesk::validate_refund_request, "timeout_seconds">,
              shop::Step<"check_refund_policy", &HelpDesk::check_refund_policy>,
              shop::Step<"get_manager_approval", &HelpDesk::get_manager_approval>,
              shop::Step<"execute_refund_workflow", &HelpDesk::execute_refund_workflow, "payments_version",
                         "timeout_seconds">,
              shop::Step<"update_ticket_status", &HelpDesk::update_ticket_status, "timeout_seconds">)
