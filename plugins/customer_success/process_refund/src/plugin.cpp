// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "help_desk.h"

using customer_success_process_refund::HelpDesk;

TASKER_PLUGIN(HelpDesk, tasker::Handler<"validate_refund_request", &HelpDesk::validate_refund_request>,
              tasker::Handler<"check_refund_policy", &HelpDesk::check_refund_policy>,
              tasker::Handler<"get_manager_approval", &HelpDesk::get_manager_approval>,
              tasker::Handler<"execute_refund_workflow", &HelpDesk::execute_refund_workflow>,
              tasker::Handler<"update_ticket_status", &HelpDesk::update_ticket_status>)
