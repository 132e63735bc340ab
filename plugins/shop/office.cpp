#include "office.h"

#include <stdexcept>
#include <utility>

#include "fault.h"
#include "template/options.h"

namespace shop {
namespace {

using tasker::Json;

// Whatever cannot be opened is a mistake in the configuration.
template <class Make>
auto made_in(const std::string& plugin, const std::filesystem::path& folder, Make make) {
  try {
    return make();
  } catch (const std::runtime_error& error) {
    throw tasker::PermanentError(plugin + " cannot use " + folder.string() + ": " + error.what(),
                                 "config.invalid");
  }
}

Json replayed(const Json& effect) {
  Json result = effect.at("result");
  result["replayed"] = true;
  return result;
}

// Keys begin anew with each database, so one that is known may be that of another database's step.
Json replay_of_key(tasker::Call& call, const std::string& subject, const Json& effect) {
  if (effect.value("subject", "") != subject)
    throw Fault("ledger.of_another_database",
                "the ledger has the key of step " + std::string(call.step_name()) + " for " +
                    effect.value("subject", "another plugin") + ", not for " + subject +
                    ": it belongs to another database, start with a new shop_dir");
  return replayed(effect);
}

}  // namespace

std::string payment_claim(const std::string& payment_id) {
  return "payment id " + payment_id;
}

Office::Setup Office::setup_from(const std::string& plugin, const Json& config, Keys known) {
  const stock::Options options(config, plugin + "'s configuration", known);
  Setup setup{plugin, options.text("shop_dir"), options.text("data_dir", ""),
              options.text("api_base_url", ""), options.flag("ledger_sync", false)};
  if (!setup.data_dir.empty() && !setup.api_base_url.empty())
    options.fail("has data_dir and api_base_url: records come from one of them");
  if (!setup.shop_dir.is_absolute()) options.fail("must name shop_dir by an absolute path");
  return setup;
}

Office::Office(const std::string& plugin, const Json& config, Keys known)
    : Office(setup_from(plugin, config, known)) {}

Office::Office(const Setup& setup)
    : dir_(setup.shop_dir),
      ledger_(made_in(setup.plugin, dir_, [&] { return Ledger(dir_ / "ledger.jsonl", setup.ledger_sync); })),
      outbox_(made_in(setup.plugin, dir_, [&] { return Outbox(dir_ / "outbox"); })),
      records_(setup.data_dir, setup.api_base_url) {}

Json Office::once(tasker::Call& call, const std::string& subject, const std::function<Deed()>& act) {
  const std::string key(call.idempotency_key());
  if (const auto earlier = ledger_.find(key)) return replay_of_key(call, subject, *earlier);
  Deed deed = act();
  Json effect = {{"idempotency_key", key},
                 {"task_id", call.task_id()},
                 {"step", call.step_name()},
                 {"subject", subject},
                 {"result", deed.result}};
  if (!deed.exclusive.empty()) effect["exclusive"] = deed.exclusive;
  if (!deed.moves.empty()) effect["moves"] = deed.moves;
  switch (ledger_.record(effect, deed.floors)) {
    case Ledger::Verdict::appended:
      deed.result["replayed"] = false;
      return deed.result;
    case Ledger::Verdict::short_of:
      throw Fault(deed.if_short, "there is not enough left for " + subject);
    case Ledger::Verdict::taken:
      if (!deed.if_taken.empty())
        throw Fault(deed.if_taken,
                    "task " + effect.value("task_id", "?") + " has done this already for " + subject);
      return replayed(effect);
    case Ledger::Verdict::replayed:
      break;
  }
  return replay_of_key(call, subject, effect);
}

}  // namespace shop
