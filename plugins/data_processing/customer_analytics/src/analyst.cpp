#include "analyst.h"

#include <system_error>

#include "dashboard.h"
#include "shop/fault.h"
#include "shop/mail.h"
#include "shop/text.h"
#include "template/options.h"

namespace customer_analytics {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

constexpr std::size_t kShown = 500;  // rows of a table: a step's result may hold 256 KiB

Rows rows_from(Call& call, const char* extract) {
  const std::string file = call.input(extract).at("file");
  try {
    return Json::parse(shop::read_text(file)).get<Rows>();
  } catch (const std::exception& error) {
    throw Fault("extract.gone", file + ", which " + extract + " left, cannot be used: " + error.what());
  }
}

Json shortened(Json metrics, const char* table) {
  auto& rows = metrics.at(table).get_ref<Json::array_t&>();
  metrics["rows"] = rows.size();
  if (rows.size() > kShown) rows.resize(kShown);
  return metrics;
}

}  // namespace

Json Analyst::leave(const Call& call, const Rows& rows) const {
  const auto name = "task-" + std::string(call.task_id()) + "-" + std::string(call.step_name()) + ".json";
  return {{"rows", rows.size()}, {"file", office_.folder("extracts").put(name, Json(rows).dump()).string()}};
}

Json Analyst::extract_orders(Call& call) {
  const std::string from = call.context().at("from"), to = call.context().at("to");
  if (to < from) throw Fault("period.malformed", "the period ends before it begins");
  return leave(call, orders_of(office_.records().all(call, "orders"), from, to));
}

Json Analyst::extract_users(Call& call) {
  return leave(call, office_.records().all(call, "users"));
}
Json Analyst::extract_products(Call& call) {
  return leave(call, office_.records().all(call, "products"));
}

Json Analyst::transform_customer_metrics(Call& call) {
  const stock::Options options(call.config(), "transform_customer_metrics's handler_config",
                               {"vip_from_cents"});
  const auto vip_from = options.integer("vip_from_cents", 30'000, 0, 1'000'000'000'000);
  return shortened(
      customer_metrics(rows_from(call, "extract_orders"), rows_from(call, "extract_users"), vip_from),
      "customers");
}

Json Analyst::transform_product_metrics(Call& call) {
  return shortened(product_metrics(rows_from(call, "extract_orders"), rows_from(call, "extract_products")),
                   "products");
}

Json Analyst::generate_insights(Call& call) {
  return insights_of(call.input("transform_customer_metrics"), call.input("transform_product_metrics"));
}

Json Analyst::update_dashboard(Call& call) {
  const Json dashboard = {{"from", call.context().at("from")},
                          {"to", call.context().at("to")},
                          {"insights", call.input("generate_insights")},
                          {"customers", call.input("transform_customer_metrics").at("customers")},
                          {"products", call.input("transform_product_metrics").at("products")},
                          {"categories", call.input("transform_product_metrics").at("categories")}};
  try {
    const auto folder = office_.folder("dashboard");
    return {{"json", folder.put("customer-analytics.json", dashboard.dump(2) + "\n").string()},
            {"html", folder.put("customer-analytics.html", to_html(dashboard)).string()}};
  } catch (const std::system_error& error) {
    throw tasker::RetryableError(error.what(), std::nullopt, "dashboard.unwritable");
  }
}

Json Analyst::send_notifications(Call& call) {
  const std::string recipient = call.context().at("recipient");
  const std::string period =
      call.context().at("from").get<std::string>() + " to " + call.context().at("to").get<std::string>();
  return office_.once(call, "analytics of " + period, [&] {
    std::string body;
    for (const auto& sentence : call.input("generate_insights").at("sentences"))
      body += sentence.get<std::string>() + "\n";
    body += "\n" + call.input("update_dashboard").at("html").get<std::string>() + "\n";
    const shop::Letter letter{recipient, "Customers and products, " + period,
                              shop::fingerprint(call.idempotency_key())};
    const auto name = "analytics-task-" + std::string(call.task_id()) + ".eml";
    return shop::Office::Deed{
        {{"sent_to", recipient},
         {"mail", office_.outbox().put(name, shop::plain_mail(letter, body)).string()}}};
  });
}

}  // namespace customer_analytics
