#include <tasker/sdk.h>

static tasker::Json total(tasker::Call& call) {
  double sum = 0;
  for (const auto& item : call.context().at("items")) sum += item.at("price").get<double>();
  if (sum <= 0) throw tasker::PermanentError("the cart is empty", "cart.empty");
  return {{"sum", sum}};
}

static tasker::Json charge(tasker::Call& call) {
  if (call.attempt() == 1) throw tasker::RetryableError("the bank is busy", std::chrono::milliseconds(200));
  return {{"charged", call.input("total").at("sum")}, {"receipt", call.idempotency_key()}};
}

TASKER_PLUGIN(tasker::NoState, tasker::Handler<"total", total>, tasker::Handler<"charge", charge>)
