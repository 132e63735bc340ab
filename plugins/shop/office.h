// What each example has of the shop, made from its configuration: the ledger, the outbox, the records. One
// ledger serves all examples that name the same shop_dir, so a refund finds the payment that another plugin
// recorded. Handlers of many threads share it.
//
//   shop_dir      needed: ledger.jsonl, outbox/ and other folders appear there
//   data_dir      a folder of records instead of the sample data; or
//   api_base_url  an HTTP API
//   ledger_sync   true: a line of the ledger survives a power cut
#pragma once

#include <tasker/sdk.h>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ledger.h"
#include "outbox.h"
#include "records.h"

namespace shop {

// What a payment's line holds in the ledger, so that a refund finds it, whichever plugin took it. Its
// beginning is that of no other claim: ids come from outside.
std::string payment_claim(const std::string& payment_id);

class Office {
 public:
  using Keys = std::initializer_list<std::string_view>;

  // [loader] `known` names all keys that the plugin's configuration may have. Throws PermanentError
  // config.invalid saying what is wrong.
  Office(const std::string& plugin, const tasker::Json& config,
         Keys known = {"shop_dir", "data_dir", "api_base_url", "ledger_sync"});

  Ledger& ledger() { return ledger_; }
  const Outbox& outbox() const { return outbox_; }
  const Records& records() const { return records_; }
  // A folder of shop_dir, made when missing.
  Outbox folder(const std::string& name) const { return Outbox(dir_ / name); }

  struct Deed {
    tasker::Json result;                      // what the step gives, and what the ledger keeps
    std::vector<std::string> exclusive = {};  // see Ledger::record
    tasker::Json moves = tasker::Json::object();
    Ledger::Floors floors = {};
    std::string if_short = {};  // the Fault's code when a move is too large
    // The Fault's code when an `exclusive` is taken. Empty: that deed is as good as ours, and its result the
    // answer.
    std::string if_taken = {};
  };
  // [worker] Does once what has an effect: `act` makes the deed, which is recorded under the step's
  // idempotency key. A step that runs again gets the recorded result, with "replayed": true, and `act` is not
  // called. `subject` ("order 7") guards against a ledger that belongs to another database, whose keys would
  // be taken for ours. A file that others must not see when the deed is refused is written afterwards, also
  // on a repeat.
  tasker::Json once(tasker::Call& call, const std::string& subject, const std::function<Deed()>& act);

 private:
  struct Setup {
    std::string plugin;
    std::filesystem::path shop_dir;
    std::filesystem::path data_dir;
    std::string api_base_url;
    bool ledger_sync = false;
  };
  static Setup setup_from(const std::string& plugin, const tasker::Json& config, Keys known);
  explicit Office(const Setup& setup);

  std::filesystem::path dir_;
  Ledger ledger_;
  Outbox outbox_;
  Records records_;
};

}  // namespace shop
