// A database, a store on it, and hosts: what tests of the store begin with. The store's verbs are called one at a time
// and waited for; SQL looks at the rows and stands in the way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/pg_store.h"
#include "support/awaited.h"
#include "support/sql_client.h"
#include "support/temp_db.h"
#include "support/template_text.h"

namespace tasker::test {

class PgWorld {
 public:
  explicit PgWorld(store::PgStore::Options options = {});

  store::PgStore& store() { return *store_; }
  std::unique_ptr<store::PgStore> another_store(store::PgStore::Options options = {});

  HostId host() const { return host_; }
  HostId another_host();
  Published publish(const std::string& name, const std::string& graph, const std::string& version = "1.0.0");

  // Expects success. `room`: first steps claimed at once.
  engine::SubmitAnswer submit(TemplateId id, int count = 1, int room = 1000);
  TaskId submit_one(TemplateId id, int room = 1000) { return submit(id, 1, room).tasks.at(0); }
  std::vector<engine::ClaimedStep> claim(TaskId task, int room = 100, HostId host = HostId{0});
  Result<engine::CompleteAnswer> try_complete(std::vector<engine::FinishedAttempt> attempts, int room = 100,
                                              HostId host = HostId{0});
  engine::CompleteAnswer complete(std::vector<engine::FinishedAttempt> attempts, int room = 100, HostId host = HostId{0});
  // Ends everything that is in progress with `ok`, until nothing moves; answers how many attempts there were.
  int run_to_end(std::vector<engine::ClaimedStep> claimed);

  std::string task_state(TaskId task);
  std::string step_state(StepKey key);
  std::string journal_kinds(TaskId task);
  bool cancel(TaskId task);
  bool pause(TaskId task);
  bool resume(TaskId task);
  // As if this much time had passed: what is delayed falls due earlier, and keys of requests end earlier.
  void pass(engine::Millis span);
  int settle(TaskId task);
  // The queues hold exactly the ready and waiting steps of tasks that may run, under the keys their steps imply, and
  // the counters say what the edges say; the test fails with the rows that differ.
  void check_rows();

  std::shared_ptr<const std::vector<PluginId>> plugins() const { return plugins_; }

  TempDb db;
  SqlClient sql;

 private:
  SystemClock clock_;
  std::unique_ptr<store::PgStore> store_;
  HostId host_{};
  std::shared_ptr<const std::vector<PluginId>> plugins_ = std::make_shared<std::vector<PluginId>>();
};

engine::FinishedAttempt finished(const engine::ClaimedStep& step, model::OutcomeKind kind = model::OutcomeKind::ok,
                                 std::string payload = "{\"n\":1}");
Lane lane_of(TaskId task);
std::string text_of(TaskId task);
std::string sql_function(const std::string& name, TaskId task);  // select tasker.<name>(task, 'tester', 'why', now)

}  // namespace tasker::test
