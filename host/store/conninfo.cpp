#include "store/conninfo.h"

#include <libpq-fe.h>
#include <spdlog/fmt/fmt.h>

#include <map>
#include <memory>

namespace tasker::store {
namespace {

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

// jit: switched-off planner paths cost 10^10, which would turn it on, up to a second a call. Generic plans: the
// statements are written so that one plan is right from the first row on; no sequential scans: a plan made while a table
// had a page or two would else read all of it for each row of a batch until the next ANALYZE (3 s instead of 40 ms). No
// bitmap scans: planned on an empty queue they collect and sort all of it where the index gives the first rows in order.
// UTC and ISO: timestamps are shown as JSON.
std::string session_options(const SessionSettings& settings) {
  return fmt::format(
      "-c search_path=tasker -c jit=off -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off "
      "-c lock_timeout={} -c statement_timeout={} -c idle_in_transaction_session_timeout=60000 -c TimeZone=UTC -c DateStyle=ISO "
      "-c default_transaction_isolation=read\\ committed -c client_min_messages=warning",
      settings.lock_timeout.count(), settings.statement_timeout.count());
}

}  // namespace

Result<std::string> complete_conninfo(const std::string& conninfo, const SessionSettings& settings) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(conninfo.c_str(), &problem), &PQconninfoFree);
  if (!parsed) {
    std::string text = problem ? problem : "out of memory";
    if (problem) PQfreemem(problem);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return make_error(Code::config_invalid, "the database's connection string cannot be read: " + text);
  }
  // A peer that vanished is noticed within half a minute even while nothing is sent.
  std::map<std::string, std::string> values = {{"connect_timeout", "10"},      {"keepalives", "1"},
                                               {"keepalives_idle", "10"},      {"keepalives_interval", "5"},
                                               {"keepalives_count", "3"},      {"tcp_user_timeout", "20000"},
                                               {"client_encoding", "UTF8"},    {"application_name", settings.application_name}};
  for (const PQconninfoOption* option = parsed.get(); option->keyword; ++option) {
    if (option->val) values[option->keyword] = option->val;
  }
  // After a failover the first host that answers may be the old primary. A single one is told apart by server_check.
  const auto hosts = values.find("host"), addresses = values.find("hostaddr");
  const auto several = [&](const auto& list) { return list != values.end() && list->second.find(',') != std::string::npos; };
  if (several(hosts) || several(addresses)) values.emplace("target_session_attrs", "read-write");
  std::string& options = values["options"];
  options += (options.empty() ? "" : " ") + session_options(settings);
  std::string text;
  for (const auto& [keyword, value] : values) text += fmt::format("{}={} ", keyword, quoted(value));
  return text;
}

}  // namespace tasker::store
