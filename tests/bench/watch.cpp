#include "watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include "app/host.h"
#include "engine/engine.h"
#include "resources.h"
#include "session.h"
#include "throughput.h"

namespace tasker::bench {

namespace {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::uint64_t steps_completed(Session& session) { return session.host().engine().stats().steps_completed.load(); }

// A look at each lane's queue by a host that has no plugin loaded: it finds nothing and takes nothing.
double empty_claim_ms(pqxx::connection& connection) {
  pqxx::work work(connection);
  const auto start = Clock::now();
  work.exec(
      "select count(c.task_id) from tasker.host h, generate_series(0, 15) lane, "
      "tasker.claim_steps(h.host_id, lane::smallint, '{}', 500, now()) c where h.alive");
  const double took = seconds_since(start) * 1e3 / 16;
  work.commit();
  return took;
}

long dead_rows(pqxx::connection& connection) {
  pqxx::work work(connection);
  return work.exec1("select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables where schemaname = 'tasker'")[0].as<long>();
}

}  // namespace

double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return rounded(sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))], 0.001);
}

Timeline::Timeline(Session& session)
    : start_(Clock::now()), thread_([this, &session](std::stop_token stop) {
        while (!stop.stop_requested()) {
          points_.push_back({now_s(), steps_completed(session)});
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      }) {}

Timeline::~Timeline() = default;

void Timeline::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

double Timeline::now_s() const { return seconds_since(start_); }

std::uint64_t Timeline::steps_at(double at_s) const {
  const auto found = std::find_if(points_.begin(), points_.end(), [&](const Point& point) { return point.at_s >= at_s; });
  return found == points_.end() ? points_.back().steps : found->steps;
}

double Timeline::rate(double from_s, double to_s) const {
  return static_cast<double>(steps_at(to_s) - steps_at(from_s)) / (to_s - from_s);
}

Watch::Watch(Session& session, std::chrono::seconds interval)
    : thread_([this, &session, interval](std::stop_token stop) { run(std::move(stop), session, interval); }) {}

Watch::~Watch() = default;

void Watch::run(std::stop_token stop, Session& session, std::chrono::seconds interval) {
  pqxx::connection connection(session.conninfo());
  const auto start = Clock::now();
  double last_at = 0;
  std::uint64_t last_steps = steps_completed(session);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, interval, [] { return false; });
    if (stop.stop_requested()) return;
    const double at = seconds_since(start);
    const std::uint64_t steps = steps_completed(session);
    samples_.push_back({at, static_cast<double>(steps - last_steps) / (at - last_at), rss_mib(), empty_claim_ms(connection),
                        dead_rows(connection)});
    last_at = at;
    last_steps = steps;
  }
}

nlohmann::ordered_json Watch::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const Sample& sample : samples_) {
    out.push_back({{"at_s", rounded(sample.at_s, 0.1)},
                   {"steps_per_s", rounded(sample.steps_per_s, 1)},
                   {"rss_mib", rounded(sample.rss_mib, 0.1)},
                   {"dead_rows", sample.dead_rows},
                   {"empty_claim_ms", rounded(sample.empty_claim_ms, 0.001)}});
  }
  return out;
}

}  // namespace tasker::bench
