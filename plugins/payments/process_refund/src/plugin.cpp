// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "refunds.h"

using payments_process_refund::Refunds;

TASKER_PLUGIN(Refunds, tasker::Handler<"validate_payment_eligibility", &Refunds::validate_payment_eligibility>,
              tasker::Handler<"process_gateway_refund", &Refunds::process_gateway_refund>,
              tasker::Handler<"update_payment_records", &Refunds::update_payment_records>,
              tasker::Handler<"notify_customer", &Refunds::notify_customer>)
