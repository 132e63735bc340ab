// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "analyst.h"
#include "shop/step.h"

using customer_analytics::Analyst;

TASKER_PLUGIN(Analyst, shop::Step<"extract_orders", &Analyst::extract_orders, "timeout_seconds">,
              shop::Step<"extract_users", &Analyst::extract_users, "timeout_seconds">,
              shop::Step<"extract_products", &Analyst::extract_products, "timeout_seconds">,
              shop::ConfiguredStep<"transform_customer_metrics", &Analyst::transform_customer_metrics>,
              shop::Step<"transform_product_metrics", &Analyst::transform_product_metrics>,
              shop::Step<"generate_insights", &Analyst::generate_insights>,
              shop::Step<"update_dashboard", &Analyst::update_dashboard>,
              shop::Step<"send_notifications", &Analyst::send_notifications>)
