// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "analyst.h"

using customer_analytics::Analyst;

TASKER_PLUGIN(Analyst, tasker::Handler<"extract_orders", &Analyst::extract_orders>,
              tasker::Handler<"extract_users", &Analyst::extract_users>,
              tasker::Handler<"extract_products", &Analyst::extract_products>,
              tasker::Handler<"transform_customer_metrics", &Analyst::transform_customer_metrics>,
              tasker::Handler<"transform_product_metrics", &Analyst::transform_product_metrics>,
              tasker::Handler<"generate_insights", &Analyst::generate_insights>,
              tasker::Handler<"update_dashboard", &Analyst::update_dashboard>,
              tasker::Handler<"send_notifications", &Analyst::send_notifications>)
