// The part of PgStore that concerns the lives of hosts: register, beat, take over, hand back, leave.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "store/array_literal.h"
#include "store/pg_store.h"
#include "store/step_rows.h"

namespace tasker::store {
namespace {

using engine::Reply;

// Steps given back in one transaction: short enough to stay far below the statement time-out.
constexpr int kReclaimBatch = 500;

// Gives a sum back once all parts have answered; the first error wins.
class SumOfParts {
 public:
  SumOfParts(int parts, Reply<int> reply) : open_(parts), reply_(std::move(reply)) {}

  void add(Result<int> part) {
    const std::lock_guard lock(mutex_);
    if (part) {
      sum_ += *part;
    } else if (!failed_) {
      failed_ = part.error();
    }
    if (--open_ == 0) failed_ ? reply_(*failed_) : reply_(sum_);
  }

 private:
  std::mutex mutex_;
  int open_;
  int sum_ = 0;
  std::optional<Error> failed_;
  Reply<int> reply_;
};

}  // namespace

void PgStore::register_host(engine::HostInfo info, Reply<HostId> reply) {
  const bool posted = beats_->post([info = std::move(info), reply](Session& session) {
    auto rows = session.run("register_host", {info.name, info.version, info.process});
    if (!rows) return reply(rows.error());
    reply(static_cast<HostId>(rows->integer(0, 0)));
  });
  if (!posted) reply(overloaded_error("register_host"));
}

void PgStore::heartbeat(HostId host, Reply<std::vector<engine::Heartbeat>> reply) {
  const bool posted = beats_->post([host, reply](Session& session) {
    auto rows = session.run("beat", {std::to_string(raw(host))});
    if (!rows) return reply(rows.error());
    std::vector<engine::Heartbeat> others;
    for (int row = 0; row < rows->size(); ++row) {
      others.push_back({static_cast<HostId>(rows->integer(row, 0)), rows->integer(row, 1), std::string(rows->text(row, 2))});
    }
    reply(std::move(others));
  });
  if (!posted) reply(overloaded_error("heartbeat"));
}

void PgStore::leave(HostId host, Reply<int> reply) {
  const bool posted = beats_->post([host, reply](Session& session) {
    auto rows = session.run("leave_host", {std::to_string(raw(host))});
    if (!rows) return reply(rows.error());
    reply(static_cast<int>(rows->integer(0, 0)));
  });
  if (!posted) reply(overloaded_error("leave"));
}

void PgStore::held(HostId host, Reply<std::vector<engine::ClaimedStep>> reply) {
  const bool posted = reads_->post([host, reply](Session& session) {
    auto rows = session.run("held", {std::to_string(raw(host))});
    if (!rows) return reply(rows.error());
    reply(claimed_steps(*rows));
  });
  if (!posted) reply(overloaded_error("held"));
}

// Split by writer, so that a lane's rows are written by one connection at a time.
void PgStore::hand_back(HostId host, std::vector<Fence> fences, Reply<int> reply) {
  if (fences.empty()) return reply(0);
  std::sort(fences.begin(), fences.end());
  std::map<Connection*, std::vector<Fence>> by_writer;
  for (const Fence& fence : fences) {
    by_writer[&writer_of(static_cast<Lane>(raw(fence.step.task) % lanes_))].push_back(fence);
  }
  auto sum = std::make_shared<SumOfParts>(static_cast<int>(by_writer.size()), std::move(reply));
  for (auto& [writer, part] : by_writer) {
    const bool posted = writer->post([host, part = std::move(part), sum](Session& session) {
      FenceArrays arrays = fence_arrays(part);
      auto rows = session.run("hand_back", {std::to_string(raw(host)), arrays.tasks, arrays.ords, arrays.claims});
      if (!rows) return sum->add(rows.error());
      sum->add(static_cast<int>(rows->integer(0, 0)));
    });
    if (!posted) sum->add(overloaded_error("hand_back"));
  }
}

// One round of takeover: marks the dead, then goes through the lanes batch by batch, each on the lane's writer and in
// line with its other work, until a lane has no more; at the end the dead are known to hold nothing.
class Takeover : public std::enable_shared_from_this<Takeover> {
 public:
  Takeover(HostId host, std::vector<HostId> dead, std::vector<Connection*> writers, int lanes, Reply<int> reply)
      : host_(std::to_string(raw(host))), writers_(std::move(writers)), lanes_(lanes), reply_(std::move(reply)) {
    ArrayLiteral literal;
    for (const HostId id : dead) literal.add(raw(id));
    dead_ = literal.take();
  }

  void start() { post(&Takeover::declare); }

 private:
  using Stage = void (Takeover::*)(Session&);

  void post(Stage stage) {
    Connection& writer = *writers_[static_cast<std::size_t>(lane_) % writers_.size()];
    const bool posted = writer.post([self = shared_from_this(), stage](Session& session) { (self.get()->*stage)(session); });
    if (!posted) reply_(overloaded_error("reclaim"));
  }

  void declare(Session& session) {
    auto rows = session.run("reclaim_dead_hosts", {host_, dead_});
    if (!rows) return reply_(rows.error());
    take_batch(session);
  }

  void take_batch(Session& session) {
    auto rows = session.run("reclaim_steps", {host_, std::to_string(lane_), std::to_string(kReclaimBatch)});
    // Rows that somebody holds keep back their lane, not the others; the next round comes to it again.
    if (!rows && rows.error().code == Code::database_locked) locked_ = rows.error();
    else if (!rows) return reply_(rows.error());
    const auto count = rows ? static_cast<int>(rows->integer(0, 0)) : 0;
    returned_ += count;
    if (count == 0) ++lane_;
    if (lane_ < lanes_) return post(&Takeover::take_batch);
    if (locked_) return reply_(*locked_);
    lane_ = 0;
    auto released = session.run("release_dead_hosts", {dead_});
    if (!released) return reply_(released.error());
    reply_(returned_);
  }

  const std::string host_;
  std::string dead_;
  const std::vector<Connection*> writers_;
  const int lanes_;
  const Reply<int> reply_;
  int lane_ = 0;      // one stage runs at a time
  int returned_ = 0;
  std::optional<Error> locked_;  // of a lane that could not be read to its end
};

void PgStore::reclaim(HostId host, std::vector<HostId> dead, Reply<int> reply) {
  std::vector<Connection*> writers;
  for (const auto& writer : writers_) writers.push_back(writer.get());
  std::make_shared<Takeover>(host, std::move(dead), std::move(writers), lanes_, std::move(reply))->start();
}

}  // namespace tasker::store
