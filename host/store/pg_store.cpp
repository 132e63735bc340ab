#include "store/pg_store.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cassert>
#include <future>

#include "store/complete_call.h"
#include "store/pg_catalogue.h"
#include "store/pg_operators.h"
#include "store/pg_reader.h"
#include "store/step_rows.h"
#include "store/submit_call.h"

namespace tasker::store {
namespace {

using engine::Reply;

struct Fixed {
  int lanes = 0;
  std::string installation;
};

Result<Fixed> read_fixed(Connection& connection) {
  std::promise<Result<Fixed>> promise;
  auto future = promise.get_future();
  connection.post([&](Session& session) {
    auto lanes = session.run("lanes", {});
    if (!lanes) return promise.set_value(lanes.error());
    auto installation = session.run("installation", {});
    if (!installation) return promise.set_value(installation.error());
    promise.set_value(Fixed{static_cast<int>(lanes->integer(0, 0)), std::string(installation->text(0, 0))});
  });
  return future.get();
}

// A beat that takes long is as bad as none: it fails early, so that the host notices in time.
SessionSettings for_beats(SessionSettings settings) {
  settings.statement_timeout = std::min<std::chrono::milliseconds>(settings.statement_timeout, std::chrono::seconds(3));
  settings.lock_timeout = std::min<std::chrono::milliseconds>(settings.lock_timeout, std::chrono::seconds(2));
  return settings;
}

// A list that reads a table from end to end: whoever asks for one waits, and those behind him, but not for ever.
SessionSettings for_people(SessionSettings settings) {
  settings.statement_timeout = std::min<std::chrono::milliseconds>(settings.statement_timeout, std::chrono::seconds(10));
  return settings;
}

}  // namespace

PgStore::PgStore(Options options)
    : options_(std::move(options)), clock_(options_.clock ? *options_.clock : system_clock_), ids_(clock_) {
  for (int i = 0; i < std::max(1, options_.writers); ++i) {
    writers_.push_back(connect(fmt::format("pg-writer-{}", i), options_.settings));
  }
  submits_ = connect("pg-submit", options_.settings);
  beats_ = connect("pg-beat", for_beats(options_.settings));
  reads_ = connect("pg-read", options_.settings);
  people_ = connect("pg-people", for_people(options_.settings));
  reader_ = std::make_unique<PgReader>(*reads_, *people_);
  catalogue_ = std::make_unique<PgCatalogue>(*submits_, *people_);
  operators_ = std::make_unique<PgOperators>(*submits_);
}

PgStore::~PgStore() { stop(); }

std::unique_ptr<Connection> PgStore::connect(std::string name, SessionSettings settings) {
  Connection::Options options;
  options.name = std::move(name);
  options.session.conninfo = options_.conninfo;
  options.session.settings = std::move(settings);
  options.max_queued = options_.max_queued;
  return std::make_unique<Connection>(std::move(options), watch_, counters_);
}

Result<std::unique_ptr<PgStore>> PgStore::open(Options options) {
  if (auto conninfo = complete_conninfo(options.conninfo, options.settings); !conninfo) return conninfo.error();
  std::unique_ptr<PgStore> store(new PgStore(std::move(options)));
  auto fixed = read_fixed(*store->reads_);
  if (!fixed) return fixed.error();
  store->lanes_ = fixed->lanes;
  store->installation_ = fixed->installation;
  return store;
}

std::vector<const Connection*> PgStore::connections() const {
  const auto list = all();
  return {list.begin(), list.end()};
}

std::vector<Connection*> PgStore::all() const {
  std::vector<Connection*> list{submits_.get(), beats_.get(), reads_.get(), people_.get()};
  for (const auto& writer : writers_) list.push_back(writer.get());
  return list;
}

void PgStore::stop() {
  const auto deadline = std::chrono::steady_clock::now() + options_.stop_patience;
  const auto list = all();
  for (Connection* each : list) each->request_stop();
  for (Connection* each : list)
    if (!each->wait_until_stopped(deadline)) watch_.close();
  for (Connection* each : list) each->stop();
}

void PgStore::submit(engine::SubmitRequest request, Reply<engine::SubmitAnswer> reply) {
  const bool posted = submits_->post([this, request = std::move(request), reply](Session& session) mutable {
    reply(SubmitCall(session, clock_, ids_, std::move(request), options_.submit_patience).run());
  });
  if (!posted) reply(overloaded_error("submit"));
}

void PgStore::complete(std::shared_ptr<const engine::CompleteRequest> request, Reply<engine::CompleteAnswer> reply) {
  const auto& attempts = request->attempts;
  if (attempts.empty()) return reply(engine::CompleteAnswer{});
  Connection& writer = writer_of(attempts.front().fence.step.task);
  assert(std::all_of(attempts.begin(), attempts.end(), [&](const auto& each) { return &writer_of(each.fence.step.task) == &writer; }));
  const bool posted = writer.post([this, request = std::move(request), reply](Session& session) mutable {
    reply(CompleteCall(session, clock_, counters_, std::move(request)).run());
  });
  if (!posted) reply(overloaded_error("complete"));
}

void PgStore::claim(engine::ClaimRequest request, Reply<std::vector<engine::ClaimedStep>> reply) {
  if (request.room <= 0) return reply(std::vector<engine::ClaimedStep>{});
  const bool posted = writer_of(request.lane).post([request, reply](Session& session) {
    auto rows = session.run("claim", {std::to_string(raw(request.host)), std::to_string(request.lane),
                                      plugin_array(request.plugins), std::to_string(request.room)});
    if (!rows) return reply(rows.error());
    reply(claimed_steps(*rows));
  });
  if (!posted) reply(overloaded_error("claim"));
}

void PgStore::peek(std::shared_ptr<const std::vector<PluginId>> plugins, Reply<engine::PeekAnswer> reply) {
  const bool posted = reads_->post([plugins = std::move(plugins), reply](Session& session) {
    auto rows = session.run("peek", {plugin_array(plugins)});
    if (!rows) return reply(rows.error());
    engine::PeekAnswer answer;
    for (int row = 0; row < rows->size(); ++row) {
      const auto lane = static_cast<Lane>(rows->integer(row, 0));
      if (lane < 0) {
        answer.next_due = engine::Millis(rows->integer(row, 1));
      } else {
        answer.lanes.push_back(lane);
      }
    }
    std::sort(answer.lanes.begin(), answer.lanes.end());
    reply(std::move(answer));
  });
  if (!posted) reply(overloaded_error("peek"));
}

void PgStore::load(std::vector<StepKey> steps, Reply<std::vector<engine::StepInputs>> reply) {
  reader_->load(std::move(steps), std::move(reply));
}

}  // namespace tasker::store
