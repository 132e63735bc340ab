#include "app/metrics.h"

#include <map>

#include "base/metrics_text.h"
#include "engine/engine.h"
#include "http/stats.h"
#include "model/outcome.h"
#include "store/pg_store.h"

namespace tasker::app {
namespace {

double value(const std::atomic<std::uint64_t>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

void write_histogram(MetricsText& out, std::string_view name, std::string_view help, const Histogram& values) {
  out.family(name, "histogram", help);
  out.histogram(values);
}

void write_work(MetricsText& out, const engine::Stats& stats) {
  out.counter("tasker_tasks_submitted_total", "Tasks created through this host.", stats.tasks_submitted);
  out.family("tasker_tasks_ended_total", "counter", "Tasks whose last step this host recorded, by how they ended.");
  out.sample("outcome", "complete", value(stats.tasks_completed));
  out.sample("outcome", "error", value(stats.tasks_failed));
  out.family("tasker_step_attempts_total", "counter", "Attempts recorded by this host, by outcome.");
  for (std::size_t kind = 0; kind < stats.attempts.size(); ++kind)
    out.sample("outcome", model::outcome_text(static_cast<model::OutcomeKind>(kind)), value(stats.attempts[kind]));
  out.counter("tasker_stale_outcomes_total", "Outcomes dropped because the claim had been lost.", stats.stale_outcomes);
  out.counter("tasker_steps_handed_back_total", "Claimed steps given back unspent.", stats.handed_back);
  out.counter("tasker_steps_taken_over_total", "Steps taken back from dead hosts.", stats.takeovers);
  out.counter("tasker_working_set_misses_total", "Steps whose inputs were read from the database.", stats.working_set_misses);
  out.gauge("tasker_steps_in_flight", "Steps claimed by this host and not yet recorded.",
            static_cast<double>(stats.in_flight.load(std::memory_order_relaxed)));
  write_histogram(out, "tasker_step_queue_wait_seconds", "From the claim of a step to its handler.", stats.queue_wait);
  write_histogram(out, "tasker_step_run_seconds", "Time inside handlers, for each attempt.", stats.run_time);
}

void write_batches(MetricsText& out, const engine::Stats& stats) {
  out.counter("tasker_steps_chained_total", "Steps claimed by the statement that completed their parent.", stats.steps_chained);
  out.counter("tasker_steps_from_queue_total", "Steps claimed from the ready queue.", stats.steps_from_queue);
  write_histogram(out, "tasker_claim_steps", "Steps in one claim from the queue.", stats.claim_size);
  write_histogram(out, "tasker_claim_seconds", "One claim from the queue, with its wait for the connection.", stats.claim_time);
  write_histogram(out, "tasker_commit_outcomes", "Outcomes in one commit.", stats.batch_size);
  write_histogram(out, "tasker_commit_seconds", "One commit of outcomes, with its wait for the connection.", stats.commit_time);
}

void write_queues(MetricsText& out, const engine::QueueGauges& queues) {
  out.gauge("tasker_ready_steps", "Due steps in the queues of all hosts; exact up to 8192 a lane.", static_cast<double>(queues.ready));
  out.gauge("tasker_delayed_steps", "Steps due later, of all hosts; exact up to 8192 a lane.", static_cast<double>(queues.delayed));
  out.gauge("tasker_oldest_ready_seconds", "How long the longest waiting due step has waited.",
            static_cast<double>(queues.oldest.count()) / 1000);
}

void write_plugins(MetricsText& out, const std::vector<plugin::PluginRecord>& plugins, const plugin::TransitionCounts& transitions) {
  using plugin::PluginState;
  std::map<PluginState, int> counts;
  for (const PluginState state : plugin::kPluginStates) counts[state] = 0;
  for (const plugin::PluginRecord& record : plugins) ++counts[record.state];
  out.family("tasker_plugins", "gauge", "Plugin versions that this host knows, by state.");
  for (const auto& [state, count] : counts) out.sample("state", plugin_state_text(state), count);
  out.family("tasker_plugin_transitions_total", "counter", "How often plugin versions came into each state on this host.");
  for (std::size_t i = 0; i < transitions.size(); ++i)
    out.sample("to", plugin_state_text(plugin::kPluginStates[i]), static_cast<double>(transitions[i]));
}

void write_database(MetricsText& out, const store::PgStore& store) {
  const store::Counters& counters = store.counters();
  out.family("tasker_database_connection_busy", "gauge", "1 while a connection runs something.");
  for (const store::Connection* each : store.connections()) out.sample("connection", each->name(), each->busy() ? 1 : 0);
  out.family("tasker_database_connection_queue", "gauge", "Pieces of work that wait for a connection.");
  for (const store::Connection* each : store.connections())
    out.sample("connection", each->name(), static_cast<double>(each->queued()));
  out.counter("tasker_database_connects_total", "Connections made, the first ones included.", counters.connects);
  out.counter("tasker_database_connections_lost_total", "Connections that broke.", counters.broken);
  out.counter("tasker_database_retries_total", "Deadlocks and serialization failures tried again.", counters.transient_retries);
  out.counter("tasker_database_overloaded_total", "Calls refused because a queue was full.", counters.overloaded);
  out.counter("tasker_bad_rows_total", "Outcomes replaced because the database cannot hold them.", counters.bad_rows);
  out.family("tasker_database_statements_total", "counter", "Statements sent, by name.");
  for (const auto& [name, count] : counters.statements) {
    if (count.load(std::memory_order_relaxed) > 0) out.sample("statement", name, value(count));
  }
}

void write_http(MetricsText& out, const http::HttpStats& stats) {
  out.family("tasker_http_answers_total", "counter", "HTTP requests answered, by status.");
  for (std::size_t status = 0; status < stats.answers.size(); ++status) {
    if (stats.answers[status].load(std::memory_order_relaxed) > 0)
      out.sample("status", std::to_string(status), value(stats.answers[status]));
  }
  write_histogram(out, "tasker_http_answer_seconds", "From a whole request to its answer; requests that wait are not in it.",
                  stats.seconds);
  out.gauge("tasker_http_connections", "Connections open now.",
            static_cast<double>(stats.connections.load(std::memory_order_relaxed)));
  out.counter("tasker_http_turned_away_total", "Connections beyond the limit.", stats.turned_away);
}

}  // namespace

std::string metrics_text(const MetricsSources& sources) {
  MetricsText out;
  out.family("tasker_build_info", "gauge", "Always 1; the label is the program's version.");
  out.sample("version", TASKER_VERSION, 1);
  write_work(out, sources.engine.stats());
  write_batches(out, sources.engine.stats());
  out.gauge("tasker_database_up", "1 when the database answered just now.", sources.queues ? 1 : 0);
  if (sources.queues) write_queues(out, *sources.queues);
  out.gauge("tasker_heartbeat_age_seconds", "Since this host last renewed its heartbeat.",
            static_cast<double>(sources.engine.heartbeat_age().count()) / 1000);
  write_plugins(out, sources.plugins, sources.transitions);
  write_database(out, sources.store);
  if (sources.http != nullptr) write_http(out, *sources.http);
  return out.take();
}

}  // namespace tasker::app
