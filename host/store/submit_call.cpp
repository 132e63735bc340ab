#include "store/submit_call.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "base/log.h"
#include "store/array_literal.h"
#include "store/step_rows.h"

namespace tasker::store {
namespace {

using engine::NewTask;

constexpr std::chrono::milliseconds kRepeatPause{100};
constexpr int kMendTries = 3;
constexpr std::string_view kUniqueViolation = "23505";  // SQLSTATE

// Arrays may be shorter than the tasks: what every task leaves at its default travels as `{}`.
template <class Differs, class Add>
std::string sparse(const std::vector<NewTask>& tasks, Differs differs, Add add) {
  if (std::none_of(tasks.begin(), tasks.end(), differs)) return std::string(kEmptyArray);
  ArrayLiteral literal;
  for (const NewTask& task : tasks) add(literal, task);
  return literal.take();
}

std::string texts(const std::vector<NewTask>& tasks, std::string NewTask::*member, std::string_view usual) {
  return sparse(tasks, [&](const NewTask& task) { return task.*member != usual && !(task.*member).empty(); },
                [&](ArrayLiteral& literal, const NewTask& task) { literal.add_or_null(task.*member); });
}

std::string jsons(const std::vector<NewTask>& tasks, std::string NewTask::*member, std::string_view usual) {
  return sparse(tasks, [&](const NewTask& task) { return task.*member != usual && !(task.*member).empty(); },
                [&](ArrayLiteral& literal, const NewTask& task) { literal.add_json_or_null(task.*member); });
}

}  // namespace

SubmitCall::SubmitCall(Session& session, const Clock& clock, IdBlocks& ids, engine::SubmitRequest request,
                       std::chrono::milliseconds patience)
    : session_(session), clock_(clock), ids_(ids), request_(std::move(request)), patience_(patience) {}

Result<std::vector<TaskId>> SubmitCall::take_ids() {
  return ids_.take(request_.tasks.size(), [&](int count) -> Result<std::vector<std::int64_t>> {
    auto rows = run_until_known("take_task_blocks", {std::to_string(count)});
    if (!rows) return rows.error();
    std::vector<std::int64_t> blocks;
    blocks.reserve(static_cast<std::size_t>(rows->size()));
    for (int row = 0; row < rows->size(); ++row) blocks.push_back(rows->integer(row, 0));
    return blocks;
  });
}

Params SubmitCall::parameters(const std::vector<TaskId>& ids) const {
  const auto& tasks = request_.tasks;
  ArrayLiteral id_array(ids.size() * 12), templates(ids.size() * 4);
  for (const TaskId id : ids) id_array.add(raw(id));
  for (const NewTask& task : tasks) templates.add(raw(task.template_id));
  return {std::to_string(raw(request_.host)),
          id_array.take(),
          templates.take(),
          jsons(tasks, &NewTask::context, "{}"),
          texts(tasks, &NewTask::initiator, "unknown"),
          texts(tasks, &NewTask::source_system, "unknown"),
          texts(tasks, &NewTask::reason, "unknown"),
          jsons(tasks, &NewTask::tags, "[]"),
          texts(tasks, &NewTask::correlation_id, ""),
          texts(tasks, &NewTask::start_at, ""),
          sparse(tasks, [](const NewTask& task) { return task.priority != 5; },
                 [](ArrayLiteral& literal, const NewTask& task) { literal.add(task.priority); }),
          std::to_string(std::max(0, request_.room)),
          plugin_array(request_.plugins),
          texts(tasks, &NewTask::traceparent, "")};
}

// A lost answer may hide a commit. Only the same ids tell, so nobody else can repeat this call. The lost call may also be
// under way still, its tasks written and not yet committed: the repetition then meets them as duplicates, or waits for them
// longer than it may, and asks again.
Result<Rows> SubmitCall::run_until_known(std::string_view query, const Params& params) {
  const auto give_up = clock_.steady_now() + patience_;
  for (;;) {
    auto rows = session_.run(query, params);
    if (rows) return rows;
    const Code code = rows.error().code;
    const bool lost = code == Code::database_unavailable && session_.was_sent();
    unknown_ = unknown_ || lost;
    const bool tells_nothing = code == Code::database_unavailable || code == Code::database_locked || code == Code::database_error;
    if (!unknown_ || !tells_nothing || clock_.steady_now() >= give_up) return rows;
    std::this_thread::sleep_for(kRepeatPause);
  }
}

Error SubmitCall::name_the_index(const Error& error) {
  for (std::size_t i = 0; i < request_.tasks.size(); ++i) {
    const NewTask& task = request_.tasks[i];
    ArrayLiteral context, tags, start_at;
    context.add_json_or_null(task.context);
    tags.add_json_or_null(task.tags);
    start_at.add_or_null(task.start_at);
    auto fine = session_.run("check_task_values", {context.take(), tags.take(), start_at.take()});
    if (!fine && fine.error().code == Code::database_bad_value) {
      return make_error(Code::database_bad_value,
                        fmt::format("tasks[{}] was refused and none was created: {}", i, fine.error().message));
    }
  }
  return error;
}

void SubmitCall::add_keys(Params& params) const {
  ArrayLiteral keys, digests, lives, counts;
  for (const engine::KeyedPart& part : request_.parts) {
    keys.add(std::string_view(part.key.key));
    digests.add_word(part.key.digest);
    lives.add(part.key.life.count());
    counts.add(static_cast<std::int64_t>(part.tasks));
  }
  params.insert(params.end(), {keys.take(), digests.take(), lives.take(), counts.take()});
}

engine::SubmitAnswer SubmitCall::read(const Rows& rows, std::vector<TaskId> ids) {
  engine::SubmitAnswer answer;
  std::vector<std::optional<Result<engine::CreatedTasks>>> found(request_.parts.size());  // of parts that created nothing
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.integer(row, 0) == 0 && rows.integer(row, 2) == 0) {
      answer.queued = true;
    } else if (rows.integer(row, 2) > 0) {
      answer.claimed.push_back(claimed_step(rows, row, 0));
    } else {
      const auto place = static_cast<std::size_t>(rows.integer(row, 1)) - 1;
      auto& part = found.at(place);
      if (rows.integer(row, 2) == -2) {
        part = make_error(Code::idempotency_key_reused,
                          "the Idempotency-Key '" + request_.parts[place].key.key + "' was used for another request");
      } else {
        if (!part) part = engine::CreatedTasks{{}, true};
        (*part)->tasks.push_back(static_cast<TaskId>(rows.integer(row, 0)));
      }
    }
  }
  std::vector<TaskId> unused;
  auto id = ids.begin();
  for (std::size_t i = 0; i < request_.parts.size(); ++i) {
    const auto end = id + static_cast<std::ptrdiff_t>(request_.parts[i].tasks);
    if (found[i]) unused.insert(unused.end(), id, end);
    answer.parts.push_back(found[i] ? *found[i] : engine::CreatedTasks{{id, end}});
    id = end;
  }
  if (!unknown_) ids_.give_back(unused);
  answer.tasks = std::move(ids);
  return answer;
}

Result<Rows> SubmitCall::send(const std::vector<TaskId>& ids) {
  unknown_ = false;  // blocks of ids whose answer got lost are only a gap
  Params params = parameters(ids);
  const bool keyed = !request_.parts.empty();
  if (keyed) add_keys(params);
  return run_until_known(keyed ? "submit_keyed" : "submit", params);
}

// Of a call that was sent once there can be nothing yet: then the ids are somebody else's. A duplicate may also be of
// something else, such as an index that the database's owner added: the ids themselves tell.
bool SubmitCall::were_there_before(const Result<Rows>& rows, const std::vector<TaskId>& ids) {
  if (unknown_) return false;
  if (!rows) {
    if (session_.refused_as() != kUniqueViolation) return false;
    ArrayLiteral id_array(ids.size() * 12);
    for (const TaskId id : ids) id_array.add(raw(id));
    const auto used = session_.run("ids_in_use", {id_array.take()});
    return used && used->integer(0, 0) > 0;
  }
  const int last = rows->size() - 1;
  return last >= 0 && rows->integer(last, 0) == 0 && rows->integer(last, 1) < 0;
}

Result<void> SubmitCall::mend_ids(TaskId first) {
  log_error("the database gave out task id {}, or one behind it, a second time, as one does that was brought back to an earlier "
            "state; ids go on behind the highest one in use",
            raw(first));
  ids_.drop_all();
  auto mended = session_.run("mend_task_ids", {});
  if (!mended) return mended.error();
  return {};
}

Result<engine::SubmitAnswer> SubmitCall::run() {
  if (request_.tasks.empty()) return engine::SubmitAnswer{};
  auto ids = take_ids();
  if (!ids) return ids.error();
  auto rows = send(*ids);
  // Another host may use up blocks of the same doubtful state meanwhile.
  for (int tries = 0; were_there_before(rows, *ids); ++tries) {
    if (tries == kMendTries) {
      return make_error(Code::database_error, fmt::format("the database gives out task ids that are in use, such as {}: look at "
                                                          "its sequence tasker.task_block", raw(ids->front())));
    }
    if (auto mended = mend_ids(ids->front()); !mended) return mended.error();
    ids = take_ids();
    if (!ids) return ids.error();
    rows = send(*ids);
  }
  if (!rows) {
    // Ids under which a lost call may have made tasks are never used again: the next submit would find them there.
    if (!unknown_) ids_.give_back(*ids);
    return rows.error().code == Code::database_bad_value ? name_the_index(rows.error()) : rows.error();
  }
  return read(*rows, std::move(*ids));
}

}  // namespace tasker::store
