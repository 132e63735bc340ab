// The plugin's state and its eight steps. What the extracts find may be larger than a step's result, so they
// leave it in files of the shop_dir, named after the task, for the transforms. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "metrics.h"
#include "shop/office.h"

namespace customer_analytics {

class Analyst {
 public:
  explicit Analyst(const tasker::Json& config) : office_("data_processing/customer_analytics", config) {}

  // [worker]
  tasker::Json extract_orders(tasker::Call& call);
  tasker::Json extract_users(tasker::Call& call);
  tasker::Json extract_products(tasker::Call& call);
  tasker::Json transform_customer_metrics(tasker::Call& call);
  tasker::Json transform_product_metrics(tasker::Call& call);
  tasker::Json generate_insights(tasker::Call& call);
  tasker::Json update_dashboard(tasker::Call& call);
  tasker::Json send_notifications(tasker::Call& call);

 private:
  tasker::Json leave(const tasker::Call& call, const Rows& rows) const;
  shop::Office office_;
};

}  // namespace customer_analytics
