// engine::Store over PostgreSQL: each verb is one call of a SQL function, on a connection chosen so that nothing waits
// for what it need not wait for: writers for completions and claims (lane % writers), and one connection each for
// submitting, for heartbeats, for the engine's reads, and for what people ask, which may be long. Made by app after the
// migrator ran; replies come on [db] threads, or at once on the caller's when a queue is full.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/ports.h"
#include "store/call_watch.h"
#include "store/connection.h"
#include "store/counters.h"
#include "store/id_blocks.h"

namespace tasker::store {

class PgCatalogue;
class PgOperators;
class PgReader;

class PgStore final : public engine::Store {
 public:
  struct Options {
    std::string conninfo;
    int writers = 2;
    std::size_t max_queued = 4096;                   // calls waiting for one connection
    const Clock* clock = nullptr;                    // the system's when null; must be the engine's
    SessionSettings settings{};
    std::chrono::milliseconds submit_patience = std::chrono::seconds(10);  // repeating a submit whose answer got lost
    std::chrono::milliseconds stop_patience = std::chrono::seconds(3);
    std::chrono::milliseconds takeover_timeout = std::chrono::minutes(5);  // of one lane's batch
    std::shared_ptr<engine::CrashRecords> crashes = {};  // noted before steps are taken over; null: there are none
  };

  // Connects and reads what was fixed when the database was made. Blocks.
  static Result<std::unique_ptr<PgStore>> open(Options options);
  ~PgStore() override;

  int lanes() const override { return lanes_; }
  int writers() const override { return static_cast<int>(writers_.size()); }
  std::string installation() const override { return installation_; }
  void register_host(engine::HostInfo info, engine::Reply<HostId> reply) override;
  void submit(engine::SubmitRequest request, engine::Reply<engine::SubmitAnswer> reply) override;
  void complete(std::shared_ptr<const engine::CompleteRequest> request,
                engine::Reply<engine::CompleteAnswer> reply) override;
  void claim(engine::ClaimRequest request, engine::Reply<std::vector<engine::ClaimedStep>> reply) override;
  void peek(std::shared_ptr<const std::vector<PluginId>> plugins, engine::Reply<engine::PeekAnswer> reply) override;
  void load(std::vector<StepKey> steps, engine::Reply<std::vector<engine::StepInputs>> reply) override;
  void hand_back(HostId host, std::vector<Fence> fences, engine::Reply<int> reply) override;
  void held(HostId host, engine::Reply<std::vector<engine::ClaimedStep>> reply) override;
  void heartbeat(HostId host, engine::Reply<std::vector<engine::Heartbeat>> reply) override;
  void reclaim(HostId host, std::vector<HostId> dead, engine::Reply<int> reply) override;
  void leave(HostId host, engine::Reply<int> reply) override;

  PgReader& reader() { return *reader_; }
  PgCatalogue& catalogue() { return *catalogue_; }
  PgOperators& operators() { return *operators_; }
  const Counters& counters() const { return counters_; }
  std::vector<const Connection*> connections() const;  // all; as long as the store lives

  // Answers what waits with Code::stopping and closes the connections: calls under way get stop_patience to end by themselves
  // and are then cut off. May be called twice. [any] but [db].
  void stop();

 private:
  explicit PgStore(Options options);
  std::unique_ptr<Connection> connect(std::string name, SessionSettings settings);
  std::vector<Connection*> all() const;
  std::vector<Connection*> writer_list() const;  // lane % size serves a lane
  Connection& writer_of(Lane lane) { return *writers_[static_cast<std::size_t>(lane) % writers_.size()]; }
  Connection& writer_of(TaskId task) { return writer_of(static_cast<Lane>(raw(task) % lanes_)); }

  const Options options_;
  const SystemClock system_clock_;
  const Clock& clock_;
  Counters counters_;
  CallWatch watch_{counters_};
  IdBlocks ids_;
  int lanes_ = 0;
  std::string installation_;
  std::vector<std::unique_ptr<Connection>> writers_;
  std::unique_ptr<Connection> submits_;  // and the catalogue's writes
  std::unique_ptr<Connection> beats_;
  std::unique_ptr<Connection> reads_;    // the engine's
  std::unique_ptr<Connection> people_;   // lists, graphs, gauges
  std::unique_ptr<PgReader> reader_;
  std::unique_ptr<PgCatalogue> catalogue_;
  std::unique_ptr<PgOperators> operators_;
};

}  // namespace tasker::store
