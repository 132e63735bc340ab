#include "help_desk.h"

#include "policy.h"
#include "shop/fault.h"
#include "template/options.h"

namespace customer_success_process_refund {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

const shop::Office::Keys kKeys = {"shop_dir", "data_dir", "api_base_url", "ledger_sync", "tasker_url"};
constexpr std::chrono::milliseconds kLookAgain{200};

std::string subject_of(Call& call) {
  return "ticket " + call.context().at("ticket_id").dump();
}

std::string text_of(const Json& ticket, const char* key) {
  const auto found = ticket.find(key);
  if (found == ticket.end() || !found->is_string() || *found == "")
    throw Fault("refund." + std::string(key) + "_missing",
                "ticket " + ticket.at("id").dump() + " has no " + key);
  return found->get<std::string>();
}

std::string end_of(const std::string& claim) {
  return "end of " + claim;
}

// Whether a task of payments that has ended never came as far as the money.
bool is_untouched(const Json& task) {
  for (const auto& step : task.value("workflow_steps", Json::array()))
    if (step.value("name", "") == "process_gateway_refund") return step.value("attempts", 1) == 0;
  return false;
}

std::string approved_by(Call& call) {
  if (!call.input("check_refund_policy").at("needs_manager").get<bool>()) return "policy";
  const auto approval = call.context().find("approval");
  if (approval == call.context().end())
    throw Fault("refund.approval_missing", "a refund of this amount needs a manager's approval");
  std::string manager = approval->at("manager");
  if (!approval->at("approved").get<bool>())
    throw Fault("refund.not_approved", manager + " has not approved it");
  return manager;
}

}  // namespace

HelpDesk::HelpDesk(const Json& config)
    : office_("customer_success/process_refund", config, kKeys),
      tasker_url_(stock::Options(config, "customer_success/process_refund's configuration", kKeys)
                      .text("tasker_url", "http://127.0.0.1:8765/tasker")) {}

Json HelpDesk::validate_refund_request(Call& call) {
  const auto ticket =
      office_.records().find(call, "tickets", call.context().at("ticket_id").get<std::int64_t>());
  if (!ticket) throw Fault("ticket.not_found", "there is no " + subject_of(call));
  if (ticket->value("status", "") != "open")
    throw Fault("ticket.not_open", subject_of(call) + " is " + ticket->value("status", "of no status"));
  return {{"ticket_id", (*ticket)["id"]},
          {"customer", text_of(*ticket, "customer")},
          {"payment_id", text_of(*ticket, "payment_id")},
          {"tier", text_of(*ticket, "tier")},
          {"paid_on", text_of(*ticket, "paid_on")},
          {"opened_on", text_of(*ticket, "opened_on")}};
}

Json HelpDesk::check_refund_policy(Call& call) {
  const Json& ticket = call.input("validate_refund_request");
  const auto decision = decide({ticket.at("tier"), ticket.at("paid_on"), ticket.at("opened_on"),
                                call.context().at("refund_amount_cents")});
  return {{"days_since_payment", decision.days}, {"needs_manager", decision.needs_manager}};
}

Json HelpDesk::get_manager_approval(Call& call) {
  const std::string by = approved_by(call);
  // From here on the ticket is this task's: two tasks for it do not both give the money back.
  return office_.once(call, subject_of(call), [&] {
    shop::Office::Deed deed;
    const std::string claim = open_claim(call);
    deed.exclusive = {claim};
    deed.if_taken = "ticket.not_open";
    deed.result = {{"approved_by", by}, {"claim", claim}};
    return deed;
  });
}

std::string HelpDesk::open_claim(Call& call) {
  for (int round = 1;; ++round) {
    const std::string claim = "refund " + std::to_string(round) + " for " + subject_of(call);
    if (!office_.ledger().holder(end_of(claim))) return claim;
  }
}

void HelpDesk::give_up(Call& call, const std::string& claim) {
  Json line = {{"idempotency_key", std::string(call.idempotency_key()) + "/given up"},
               {"task_id", call.task_id()},
               {"step", call.step_name()},
               {"subject", subject_of(call)},
               {"exclusive", end_of(claim)},
               {"result", Json::object()}};
  office_.ledger().record(line);
}

Json HelpDesk::execute_refund_workflow(Call& call) {
  const Json& ticket = call.input("validate_refund_request");
  // The header Idempotency-Key makes it one task, however often this step runs.
  const Json task = {{"namespace", "payments"},
                     {"name", "process_refund"},
                     {"version", call.config().value("payments_version", "^2")},
                     {"initiator", "customer_success/process_refund"},
                     {"reason", subject_of(call)},
                     {"context",
                      {{"payment_id", ticket.at("payment_id")},
                       {"refund_amount_cents", call.context().at("refund_amount_cents")},
                       {"refund_reason", call.context().at("refund_reason")}}}};
  const Json& approval = call.input("get_manager_approval");
  // An attempt that gave the ticket up may have been killed before it could say so.
  if (office_.ledger().holder(end_of(approval.at("claim"))))
    throw Fault("refund.given_up", "payments refused, and " + subject_of(call) + " is open for another task");
  const Json answer = [&] {
    try {
      return web_.post(call, tasker_url_ + "/tasks", task);
    } catch (const tasker::PermanentError&) {
      // An earlier attempt may have created the task and not heard of it.
      if (call.attempt() == 1) give_up(call, approval.at("claim"));
      throw;
    }
  }();
  const auto id = answer.is_object() ? answer.find("task_id") : answer.end();
  if (id == answer.end() || !id->is_number_integer())
    throw Fault("refund.no_task_id", tasker_url_ + " took the refund and named no task_id");
  return {{"payments_task_id", *id},
          {"correlation_id", call.correlation_id()},
          {"approved_by", approval.at("approved_by")},
          {"claim", approval.at("claim")}};
}

Json HelpDesk::update_ticket_status(Call& call) {
  const Json& started = call.input("execute_refund_workflow");
  const std::string id = started.at("payments_task_id").dump();
  const Json task = web_.get(call, tasker_url_ + "/tasks/" + id).value("task", Json::object());
  const std::string state = task.value("detail", "");
  if (state == "error" || state == "cancelled") {
    if (is_untouched(task)) give_up(call, started.at("claim"));
    throw Fault("refund.payments_failed", "payments' task " + id + " ended as " + state);
  }
  if (state != "complete" && state != "resolved_manually")
    throw tasker::WaitFor(kLookAgain, "payments' task " + id + " is " + state);
  Json result = office_.once(call, subject_of(call), [&] {
    return shop::Office::Deed{{{"ticket_id", call.context().at("ticket_id")},
                               {"status", "closed"},
                               {"payments_task_id", started.at("payments_task_id")}}};
  });
  const Json closed = {{"id", call.context()["ticket_id"]},
                       {"status", "closed"},
                       {"payments_task_id", started["payments_task_id"]},
                       {"refunded_cents", call.context().at("refund_amount_cents")},
                       {"customer", call.input("validate_refund_request").at("customer")}};
  const auto name = "ticket-" + call.context()["ticket_id"].dump() + ".json";
  result["ticket"] = office_.folder("tickets").put(name, closed.dump(2) + "\n").string();
  return result;
}

}  // namespace customer_success_process_refund
