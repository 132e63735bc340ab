#include "store/session.h"

#include <pqxx/pqxx>
#include <thread>
#include <unordered_map>

#include "base/log.h"
#include "engine/backoff.h"
#include "store/sql_error.h"
#include "store/sql_text.h"

namespace tasker::store {
namespace {

constexpr int kTransientTries = 10;
constexpr std::chrono::milliseconds kLongestPause{5000};

Error stopping_error() {
  return make_error(Code::stopping, "the host is stopping; whether a call before this one was carried out is not known", Retry::later);
}

std::chrono::microseconds transient_pause(int tried) {
  return engine::jittered(std::chrono::microseconds(1000 << std::min(tried, 7)));
}

}  // namespace

struct Session::Link {
  explicit Link(const std::string& conninfo) : connection(conninfo) {}
  pqxx::connection connection;
  std::unordered_map<std::string_view, std::atomic<std::uint64_t>*> prepared;  // and how often it was sent
};

Session::Session(Options options, CallWatch& watch, Counters& counters)
    : options_(std::move(options)),
      watch_(watch),
      counters_(counters),
      statement_timeout_(options_.settings.statement_timeout) {}
Session::~Session() = default;

void Session::disconnect() { link_.reset(); }

void Session::refuse_calls(Error error) {
  refused_ = true;
  refusal_ = std::move(error);
}

void Session::accept_calls() { refused_ = false; }

Result<void> Session::connect() {
  const auto now = std::chrono::steady_clock::now();
  // A pause ends early when another connection found the server: they go together and come back together.
  if (now < next_connect_ && counters_.connects == connects_seen_) {
    return make_error(Code::database_unavailable, unreachable_, Retry::later);
  }
  auto conninfo = complete_conninfo(options_.conninfo, options_.settings);
  if (!conninfo) return conninfo.error();
  connects_seen_ = counters_.connects;
  read_only_seen_ = counters_.read_only;
  try {
    auto link = std::make_unique<Link>(*conninfo);
    if (is_read_only(*link)) return not_connected(read_only_error());
    link_ = std::move(link);
    ++counters_.connects;
    statement_timeout_ = options_.settings.statement_timeout;
    pause_ = std::chrono::milliseconds(0);
    return {};
  } catch (const std::exception&) {
    return not_connected(current_sql_error("connecting").error);
  }
}

// A connection that only reads would else stay with an old primary for good. Says nothing of the server that others found
// under the same name.
bool Session::is_read_only(Link& link) {
  const CallWatch::Guard guard(watch_, link.connection.sock(), options_.settings.statement_timeout + options_.watch_margin);
  // Prepared, as all calls are: what libpqxx leaks of one on a connection that breaks is known (tests/leaks.txt).
  link.connection.prepare("read_only", "show transaction_read_only");
  pqxx::nontransaction work(link.connection);
  return work.exec_prepared1("read_only")[0].as<std::string>() == "on";
}

Error Session::not_connected(Error error) {
  unreachable_ = error.message;
  const auto longest = std::max(kLongestPause, options_.reconnect_pause);
  pause_ = pause_.count() == 0 ? options_.reconnect_pause : std::min(pause_ * 2, longest);
  next_connect_ = std::chrono::steady_clock::now() + engine::jittered(pause_);
  log_debug("{}", unreachable_);  // the caller says it, once for all connections
  return make_error(Code::database_unavailable, unreachable_, Retry::later);
}

Result<Rows> Session::run(std::string_view query_name, const Params& params) {
  was_sent_ = false;
  refused_as_.clear();
  if (refused_) return refusal_;
  if (watch_.is_closed()) return stopping_error();
  bool again = false;
  for (int tried = 0;; ++tried) {
    again = tried < kTransientTries;
    Result<Rows> rows = run_once(query_name, params, again);
    if (!again || watch_.is_closed()) return rows;
    refused_as_.clear();
    ++counters_.transient_retries;
    std::this_thread::sleep_for(transient_pause(tried));
  }
}

Result<Rows> Session::run_once(std::string_view query_name, const Params& params, bool& again) {
  const bool may_repeat = std::exchange(again, false);
  if (link_ && read_only_seen_ != counters_.read_only) {
    ++counters_.broken;
    link_.reset();
  }
  if (!link_) {
    if (auto connected = connect(); !connected) return connected.error();
  }
  ++counters_.calls;
  const std::string name(query_name);
  try {
    const CallWatch::Guard guard(watch_, link_->connection.sock(),
                                 statement_timeout_ + options_.watch_margin);
    auto prepared = link_->prepared.find(query_name);
    if (prepared == link_->prepared.end()) {
      link_->connection.prepare(name, std::string(query(query_name)));
      prepared = link_->prepared.emplace(query_name, &counters_.statements.at(query_name)).first;
    }
    prepared->second->fetch_add(1, std::memory_order_relaxed);
    std::vector<const char*> arguments;
    arguments.reserve(params.size());
    for (const auto& each : params) arguments.push_back(each ? each->c_str() : nullptr);
    was_sent_ = true;
    pqxx::nontransaction work(link_->connection);
    auto result = std::make_shared<pqxx::result>(
        work.exec_prepared(name, pqxx::prepare::make_dynamic_params(arguments)));
    return Rows(std::move(result));
  } catch (const std::exception&) {
    SqlError failed = current_sql_error(query_name);
    refused_as_ = failed.state;
    if (failed.failure == SqlFailure::transient) again = may_repeat;
    if (failed.failure == SqlFailure::read_only) ++counters_.read_only;
    if (failed.failure == SqlFailure::broken || failed.failure == SqlFailure::read_only) {
      ++counters_.broken;
      link_.reset();
    }
    return failed.error;
  }
}

void Session::shorten_lock_timeout(std::chrono::milliseconds limit) {
  (void)run("set_lock_timeout", {std::to_string(limit.count()) + "ms"});
}

void Session::restore_lock_timeout() { shorten_lock_timeout(options_.settings.lock_timeout); }

void Session::set_statement_timeout(std::chrono::milliseconds limit) {
  const auto set = run("set_statement_timeout", {std::to_string(limit.count()) + "ms"});
  if (set) statement_timeout_ = limit;
  else log_debug("the statement time-out stays at {} ms: {}", statement_timeout_.count(), set.error().message);
}

void Session::restore_statement_timeout() {
  if (statement_timeout_ != options_.settings.statement_timeout) set_statement_timeout(options_.settings.statement_timeout);
}

}  // namespace tasker::store
