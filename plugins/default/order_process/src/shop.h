// The plugin's state, one object for all attempts: the orders, the ledger, the outbox, and the three steps as
// members. Made by init from the configuration, destroyed by fini. Handlers run on many threads; only the
// ledger changes, and it guards itself.
#pragma once

#include <tasker/sdk.h>

#include <chrono>

#include "shop/ledger.h"
#include "shop/order.h"
#include "shop/order_book.h"
#include "shop/outbox.h"

namespace order_process {

class Shop {
 public:
  // [loader] Throws tasker::PermanentError `config.invalid` naming the key or the file that is wrong.
  explicit Shop(const tasker::Json& config);

  // [worker]
  tasker::Json validate_order(tasker::Call& call);
  tasker::Json process_payment(tasker::Call& call);
  tasker::Json send_confirmation(tasker::Call& call);

 private:
  const tasker::Json& find_order(tasker::Call& call) const;
  void wait_for_gateway(const tasker::Call& call) const;

  shop::OrderBook orders_;
  shop::Ledger ledger_;
  shop::Outbox outbox_;
  std::chrono::milliseconds gateway_latency_;
};

}  // namespace order_process
