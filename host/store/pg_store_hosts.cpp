// The part of PgStore that concerns the lives of hosts: register, beat, take over, hand back, leave.
#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "store/array_literal.h"
#include "store/crash_notes.h"
#include "store/pg_store.h"
#include "store/sql_text.h"
#include "store/step_rows.h"
#include "store/takeover.h"

namespace tasker::store {
namespace {

using engine::Reply;

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
  const bool posted = beats_->post([info = std::move(info), reply, crashes = options_.crashes](Session& session) {
    // Also without a dead host in sight: another one may have taken its steps over before the crash was known.
    note_crashes(session, crashes.get());
    auto rows = session.run("register_host", {info.name, info.version, info.process, std::to_string(migrations().back().number)});
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

// Lane by lane, each on its writer and in line with its other work: reads of the open tasks that no reader waits for.
class HeldSteps : public std::enable_shared_from_this<HeldSteps> {
 public:
  HeldSteps(HostId host, std::vector<Connection*> writers, int lanes, Reply<std::vector<engine::ClaimedStep>> reply)
      : host_(std::to_string(raw(host))), writers_(std::move(writers)), lanes_(lanes), reply_(std::move(reply)) {}

  void next_lane() {
    Connection& writer = *writers_[static_cast<std::size_t>(lane_) % writers_.size()];
    if (!writer.post([self = shared_from_this()](Session& session) { self->read_lane(session); })) {
      reply_(overloaded_error("held"));
    }
  }

 private:
  void read_lane(Session& session) {
    auto rows = session.run("held", {host_, std::to_string(lane_)});
    if (!rows) return reply_(rows.error());
    const auto found = claimed_steps(*rows);
    steps_.insert(steps_.end(), found.begin(), found.end());
    if (++lane_ < lanes_) return next_lane();
    reply_(std::move(steps_));
  }

  const std::string host_;
  const std::vector<Connection*> writers_;
  const int lanes_;
  const Reply<std::vector<engine::ClaimedStep>> reply_;
  int lane_ = 0;  // one is read at a time
  std::vector<engine::ClaimedStep> steps_;
};

void PgStore::held(HostId host, Reply<std::vector<engine::ClaimedStep>> reply) {
  // Also a look at crashes that could not be noted when they were found, for a row that was locked just then.
  if (options_.crashes)
    (void)people_->post([crashes = options_.crashes](Session& session) { note_crashes(session, crashes.get()); });
  std::make_shared<HeldSteps>(host, writer_list(), lanes_, std::move(reply))->next_lane();
}

std::vector<Connection*> PgStore::writer_list() const {
  std::vector<Connection*> list;
  for (const auto& writer : writers_) list.push_back(writer.get());
  return list;
}

// Split by writer, so that a lane's rows are written by one connection at a time.
void PgStore::hand_back(HostId host, std::vector<Fence> fences, Reply<int> reply) {
  if (fences.empty()) return reply(0);
  std::sort(fences.begin(), fences.end());
  std::map<Connection*, std::vector<Fence>> by_writer;
  for (const Fence& fence : fences) {
    by_writer[&writer_of(fence.step.task)].push_back(fence);
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

void PgStore::reclaim(HostId host, std::vector<HostId> dead, Reply<int> reply) {
  std::make_shared<Takeover>(host, dead, writer_list(), lanes_, options_.takeover_timeout, options_.crashes,
                             std::move(reply))
      ->start();
}

}  // namespace tasker::store
