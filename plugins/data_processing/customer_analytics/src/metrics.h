// What is worked out from orders, users and products. Pure; whole cents; the order of every answer is fixed,
// so that the same records give the same dashboard.
#pragma once

#include <tasker/sdk.h>

#include <string>
#include <vector>

namespace customer_analytics {

using Rows = std::vector<tasker::Json>;

// Of the records, those placed within the period, dates included, with the fields that the transforms need.
// Throws Fault orders.malformed naming the order.
Rows orders_of(const Rows& orders, const std::string& from, const std::string& to);

// {"customers": [{"user_id", "plan", "orders", "spent_cents", "is_vip"}], "buyers", "vips", "orders",
// "revenue_cents", "without_orders", "unknown_users"}, the best first; the sums are of all customers.
tasker::Json customer_metrics(const Rows& orders, const Rows& users, std::int64_t vip_from_cents);

// {"products": [{"product_id", "title", "category", "units", "revenue_cents"}], "categories": {...},
// "unknown_products"}.
tasker::Json product_metrics(const Rows& orders, const Rows& products);

// {"revenue_cents", "orders", "average_order_cents", "sentences": [...]}, from sums and the best product
// alone: the tables may have been shortened.
tasker::Json insights_of(const tasker::Json& customers, const tasker::Json& products);

}  // namespace customer_analytics
