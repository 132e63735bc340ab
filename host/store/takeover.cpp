#include "store/takeover.h"

#include "store/array_literal.h"
#include "store/crash_notes.h"

namespace tasker::store {
namespace {

// Steps given back in one transaction: what a batch locks is free again soon.
constexpr int kReclaimBatch = 500;

}  // namespace

Takeover::Takeover(HostId host, const std::vector<HostId>& dead, std::vector<Connection*> writers, int lanes,
                   std::chrono::milliseconds batch_timeout, std::shared_ptr<engine::CrashRecords> crashes,
                   engine::Reply<int> reply)
    : host_(std::to_string(raw(host))),
      writers_(std::move(writers)),
      lanes_(lanes),
      batch_timeout_(batch_timeout),
      crashes_(std::move(crashes)),
      reply_(std::move(reply)) {
  ArrayLiteral literal;
  for (const HostId id : dead) literal.add(raw(id));
  dead_ = literal.take();
}

void Takeover::post(Stage stage) {
  Connection& writer = *writers_[static_cast<std::size_t>(lane_) % writers_.size()];
  const bool posted = writer.post([self = shared_from_this(), stage](Session& session) { (self.get()->*stage)(session); });
  if (!posted) reply_(overloaded_error("reclaim"));
}

void Takeover::declare(Session& session) {
  auto rows = session.run("reclaim_dead_hosts", {host_, dead_});
  if (!rows) return reply_(rows.error());
  note_crashes(session, crashes_.get());  // by a host that was just found alive, and before steps are taken back
  take_batch(session);
}

void Takeover::take_batch(Session& session) {
  session.set_statement_timeout(batch_timeout_);
  auto rows = session.run("reclaim_steps", {host_, std::to_string(lane_), std::to_string(kReclaimBatch)});
  session.restore_statement_timeout();
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

}  // namespace tasker::store
