#include "store/session.h"

#include <pqxx/pqxx>
#include <random>
#include <thread>
#include <unordered_set>

#include "base/log.h"
#include "store/sql_error.h"
#include "store/sql_text.h"

namespace tasker::store {
namespace {

constexpr int kTransientTries = 10;
constexpr std::chrono::milliseconds kLongestPause{5000};

std::chrono::microseconds transient_pause(int tried) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int limit = 1000 << std::min(tried, 7);
  return std::chrono::microseconds(std::uniform_int_distribution<int>(limit / 2, limit)(random));
}

}  // namespace

struct Session::Link {
  explicit Link(const std::string& conninfo) : connection(conninfo) {}
  pqxx::connection connection;
  std::unordered_set<std::string_view> prepared;
};

Session::Session(Options options, CallWatch& watch, Counters& counters)
    : options_(std::move(options)), watch_(watch), counters_(counters) {}
Session::~Session() = default;

void Session::disconnect() { link_.reset(); }

void Session::refuse_calls(Error error) {
  refused_ = true;
  refusal_ = std::move(error);
}

void Session::accept_calls() { refused_ = false; }

Result<void> Session::connect() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_connect_) {
    return make_error(Code::database_unavailable, "the database cannot be reached; it is tried again", Retry::later);
  }
  auto conninfo = complete_conninfo(options_.conninfo, options_.settings);
  if (!conninfo) return conninfo.error();
  try {
    link_ = std::make_unique<Link>(*conninfo);
    ++counters_.connects;
    pause_ = std::chrono::milliseconds(0);
    return {};
  } catch (const std::exception&) {
    SqlError failed = current_sql_error("connecting");
    const bool first = pause_.count() == 0;
    pause_ = first ? options_.reconnect_pause : std::min(pause_ * 2, kLongestPause);
    next_connect_ = std::chrono::steady_clock::now() + pause_;
    if (first) log_warn("{}; it is tried again", failed.error.message);
    return make_error(Code::database_unavailable, failed.error.message, Retry::later);
  }
}

Result<Rows> Session::run(std::string_view query_name, const Params& params) {
  was_sent_ = false;
  if (refused_) return refusal_;
  bool again = false;
  for (int tried = 0;; ++tried) {
    again = tried < kTransientTries;
    Result<Rows> rows = run_once(query_name, params, again);
    if (!again) return rows;
    ++counters_.transient_retries;
    std::this_thread::sleep_for(transient_pause(tried));
  }
}

Result<Rows> Session::run_once(std::string_view query_name, const Params& params, bool& again) {
  const bool may_repeat = std::exchange(again, false);
  if (!link_) {
    if (auto connected = connect(); !connected) return connected.error();
  }
  ++counters_.calls;
  const std::string name(query_name);
  try {
    const CallWatch::Guard guard(watch_, link_->connection.sock(),
                                 options_.settings.statement_timeout + options_.watch_margin);
    if (!link_->prepared.contains(query_name)) {
      link_->connection.prepare(name, std::string(query(query_name)));
      link_->prepared.insert(query_name);
    }
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
    if (failed.failure == SqlFailure::transient) again = may_repeat;
    if (failed.failure == SqlFailure::broken) {
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

}  // namespace tasker::store
