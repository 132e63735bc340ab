// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "refunds.h"
#include "shop/step.h"

using payments_process_refund::Refunds;

TASKER_PLUGIN(
    Refunds,
    shop::Step<"validate_payment_eligibility", &Refunds::validate_payment_eligibility, "timeout_seconds">,
    shop::Step<"process_gateway_refund", &Refunds::process_gateway_refund>,
    shop::Step<"update_payment_records", &Refunds::update_payment_records>,
    shop::Step<"notify_customer", &Refunds::notify_customer>)
