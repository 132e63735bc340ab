// Two calls that meet on one task, lane or partition, one of them stopped at each place where it writes a
// row, and before its commit, while the other runs as far as it gets. Whatever the place: no deadlock, the
// rows hold together, and rows and answers are those of the one call after the other, in either order.
// Nothing here waits for time to pass: a trigger of the test's own stops at a lock, and PostgreSQL tells who
// waits for whom.
#include <set>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

constexpr const char* kPause = R"(
create function public.pause_here() returns trigger language plpgsql as $$
declare
  place text := current_setting('test.place', true);
  passed int := coalesce(nullif(current_setting('test.passed', true), '')::int, 0) + 1;
begin
  if place <> '' then
    perform set_config('test.passed', passed::text, false);
    if passed = place::int then
      perform pg_advisory_lock_shared(4711);
      perform pg_advisory_unlock_shared(4711);
    end if;
  end if;
  return coalesce(new, old);
end $$;
do $$ declare t text; begin
  foreach t in array array['task', 'step', 'attempt', 'ready_step', 'delayed_step', 'host'] loop
    execute format('create trigger pause_here before insert or update or delete on tasker.%I for each row execute function public.pause_here()', t);
  end loop;
end $$)";

// Without times: what two runs of the same thing have in common.
constexpr const char* kState = R"(
select concat_ws(' ', t.task_id, t.state, t.open_sinks, t.failed, t.finished_at is not null) from tasker.task t
union all
select concat_ws(' ', s.task_id, s.ord, s.state, s.claim_no, coalesce(s.host_id, 0), s.attempts, s.lost,
                 case when not tasker.is_terminal(s.state) then s.pending_parents end) from tasker.step s
union all select concat_ws(' ', 'queued', task_id, ord, plugin_id, priority) from tasker.ready_step
union all select concat_ws(' ', 'queued', task_id, ord, plugin_id, priority) from tasker.delayed_step
union all select concat_ws(' ', 'attempt', task_id, ord, claim_no, host_id, outcome, attempt) from tasker.attempt
union all select concat_ws(' ', 'host', host_id, alive) from tasker.host
order by 1)";

struct Verb {
  std::string name, sql;
  bool is_claim = false;  // skips what is locked: it may get less than in any order
};

struct Ending {
  std::string state, first, second;
  bool operator==(const Ending&) const = default;
};

class Interleavings : public ::testing::Test {
 protected:
  Interleavings() {
    for (SqlClient* client : {&first_, &second_}) {
      client->exec(
          "set jit = off; set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set "
          "enable_bitmapscan = off");
    }
    for (int host = 2; host <= 4; ++host) world_.another_host();
    world_.sql.exec(kPause);
  }

  static std::string complete(int host, const std::string& ords, const std::string& outcomes) {
    const std::string ones = ords.find(',') == std::string::npos ? "'{1}'" : "'{1,1}'";
    const std::string tasks = ords.find(',') == std::string::npos ? "'{64}'" : "'{64,64}'";
    return "select kind, task_id, ord, case when kind <> 'r' then claim_no end from tasker.complete_steps(" +
           std::to_string(host) + ", " + tasks + ", '{" + ords + "}', " + ones + ", '{" +
           outcomes + "}', '{}', '{}', '{}', '{0,0}', " + ones + ", " + ones +
           ", '{}', null, 9, '{1}', clock_timestamp())";
  }
  static std::string claim(int host, int room) {
    return "select task_id, ord, claim_no from tasker.claim_steps(" + std::to_string(host) +
           ", 0::smallint, '{1}', " + std::to_string(room) + ", clock_timestamp())";
  }
  static std::string operate(const std::string& what) {
    return "select tasker." + what + "(64, 'tester', 'why', clock_timestamp())";
  }

  // What the rows are now is where every trial begins.
  void keep() {
    for (const char* table : kTables) {
      world_.sql.exec("create table public.kept_" + std::string(table) + " as select " + columns(table) +
                      " from tasker." + table);
    }
  }
  void restore() {
    std::string all = "begin;";
    for (const char* table : kTables) {
      const std::string name(table);
      all += "delete from tasker." + name + ";insert into tasker." + name +
             (name == "task" ? " (" + columns(name) + ")" : "") + " select * from public.kept_" + name + ";";
    }
    world_.sql.exec(all + "update tasker.host set alive = host_id <> 4, released = false; commit");
  }
  // All but the one that is computed.
  static std::string columns(const std::string& table) {
    return "task" == table ? "task_id, created_at, finished_at, start_at, template_id, open_sinks, revision, "
                             "state, lane, priority, failed,"
                             " context, tags, initiator, source_system, reason, correlation_id"
                           : "*";
  }

  static std::string told(const SqlAnswer& answer) {
    if (!answer.ok()) return answer.sqlstate;
    std::set<std::string> rows;
    for (const auto& row : answer.rows) {
      std::string text;
      for (const auto& value : row) text += value + " ";
      rows.insert(text);
    }
    std::string all;
    for (const auto& row : rows) all += row + "; ";
    return all;
  }
  std::string state() {
    std::string all;
    for (const auto& row : world_.sql.rows(kState)) all += row[0] + "\n";
    return all;
  }

  // The store repeats what ended in a serialization failure, and a submit that met its own first call.
  SqlAnswer repeated(SqlClient& client, const Verb& verb, SqlAnswer answer) {
    const bool again = answer.sqlstate == "40001" || answer.sqlstate == "23505";
    return again ? client.try_exec(verb.sql) : std::move(answer);
  }
  bool is_blocked(const SqlClient& client) {
    return world_.sql.value("select cardinality(pg_blocking_pids(" + std::to_string(client.backend_pid()) +
                            ")) > 0") == "t";
  }
  void run_as_far_as_it_gets(SqlClient& client, const std::string& sql) {
    client.start(sql);
    while (client.is_busy() && !is_blocked(client)) {
    }
  }

  Ending one_after_the_other(const Verb& first, const Verb& second, bool swapped) {
    restore();
    Ending result;
    const auto run = [&](SqlClient& client, const Verb& verb) {
      return told(repeated(client, verb, client.try_exec(verb.sql)));
    };
    if (swapped) result.second = run(second_, second);
    result.first = run(first_, first);
    if (!swapped) result.second = run(second_, second);
    result.state = state();
    return result;
  }

  // False: the first call has fewer places. The last place is before its commit.
  bool interleave(const Verb& first, const Verb& second, int place, Ending& result) {
    restore();
    holder_.exec("select pg_advisory_lock(4711)");
    first_.exec("begin; select set_config('test.place', '" + std::to_string(place) +
                "', false), set_config('test.passed', '', false)");
    run_as_far_as_it_gets(first_, first.sql);
    const bool inside = first_.is_busy();
    run_as_far_as_it_gets(second_, second.sql);
    holder_.exec("select pg_advisory_unlock(4711)");
    const auto one = first_.finish();
    first_.exec(one.ok() ? "commit" : "rollback");
    first_.exec("set test.place = ''");
    const auto two = second_.finish();
    for (const auto& answer : {one, two})
      EXPECT_NE(answer.sqlstate, "40P01") << "a deadlock: " << answer.message;
    result.first = told(repeated(first_, first, one));
    result.second = told(repeated(second_, second, two));
    result.state = state();
    return inside;
  }

  void expect_sound() {
    world_.check_rows();
    EXPECT_EQ(world_.settle(static_cast<TaskId>(64)), 0) << "settling finds something to change";
    EXPECT_EQ(
        world_.sql.value(
            "select count(*) from (select from tasker.attempt group by task_id, ord having count(*) filter"
            " (where outcome = 'ok') > 1) x"),
        "0");
  }

  void meet(const Verb& first, const Verb& second) {
    const Ending in_order = one_after_the_other(first, second, false);
    const Ending swapped = one_after_the_other(first, second, true);
    bool more = true;
    for (int place = 1; more && !HasFailure(); ++place) {
      Ending result;
      more = interleave(first, second, place, result);
      ++trials_;
      SCOPED_TRACE(first.name + " stopped at " + (more ? std::to_string(place) : "its commit") + " meets " +
                   second.name);
      expect_sound();
      if (result == in_order || result == swapped) continue;
      if (first.is_claim || second.is_claim) {
        const auto& other = first.is_claim ? &Ending::second : &Ending::first;
        const bool known = result.*other == in_order.*other || result.*other == swapped.*other;
        if (known || (first.is_claim && second.is_claim)) continue;
      }
      ADD_FAILURE() << "first: " << result.first << "\nsecond: " << result.second << "\n"
                    << result.state << "in order: " << in_order.first << "\n"
                    << in_order.second << "\n"
                    << in_order.state << "swapped: " << swapped.first << "\n"
                    << swapped.second << "\n"
                    << swapped.state;
    }
  }

  // Each of the first with each of the second, either of them stopped.
  void meet_all(const std::vector<Verb>& some, const std::vector<Verb>& others) {
    for (const Verb& one : some) {
      for (const Verb& other : others) {
        if (!HasFailure()) meet(one, other);
        if (!HasFailure() && one.name != other.name) meet(other, one);
      }
    }
    EXPECT_EQ(world_.sql.value("select deadlocks from pg_stat_database where datname = current_database()"),
              "0");
    RecordProperty("trials", trials_);
  }

  static constexpr const char* kTables[] = {"task", "step", "attempt", "ready_step", "delayed_step"};
  PgWorld world_;
  SqlClient first_{world_.db.conninfo()}, second_{world_.db.conninfo()}, holder_{world_.db.conninfo()};
  int trials_ = 0;
};

// One task with everything: a and b run on hosts 1 and 2, f waits for its retry, which is due, c is queued, d
// and e are children (e of both), and g runs on host 4, which is dead.
class OneTask : public Interleavings {
 protected:
  OneTask() {
    const auto shape = world_.publish("shape", "a; b; f; c; g; d: a; e: a b");
    const auto submitted = world_.submit(shape.template_id, 1, 3);
    EXPECT_EQ(
        world_.sql.value("select count(*) from " + claim(4, 9).substr(claim(4, 9).find("tasker.claim"))),
        "2");
    world_.sql.exec("select tasker.hand_back_steps(4, '{64}', '{4}', '{1}', clock_timestamp())");
    world_.complete({finished(submitted.claimed.at(2), model::OutcomeKind::retry, "")});
    world_.sql.exec("update tasker.step set host_id = 2 where ord = 2");
    keep();
  }

  const Verb a_ok{"success of a", complete(1, "1", "ok")}, a_fails{"failure of a", complete(1, "1", "fail")},
      a_retries{"retry of a", complete(1, "1", "retry")}, b_ok{"success of b", complete(2, "2", "ok")},
      b_fails{"failure of b", complete(2, "2", "fail")}, claims{"a claim", claim(2, 9), true},
      claims_one{"a claim of one", claim(3, 1), true},
      hands_back{"handing back a",
                 "select tasker.hand_back_steps(1, '{64}', '{1}', '{1}', clock_timestamp())"},
      dies{"death of host 1", "select tasker.reclaim_dead_hosts(3, '{1}', clock_timestamp())"},
      reclaims{"takeover", "select tasker.reclaim_steps(3, 0::smallint, 9, clock_timestamp()) >= 0"},
      cancels{"cancel", operate("cancel_task")}, pauses{"pause", operate("pause_task")},
      resumes{"resume", operate("resume_task")},
      settles{"repair", "select tasker.settle_tasks('{64}', clock_timestamp())"},
      submits{"submit",
              "select task_id, ord, claim_no from tasker.submit_tasks(1, '{160}', '{1}', '{}', '{}', '{}', "
              "'{}', '{}', '{}', '{}',"
              " '{}', 1, '{1}', clock_timestamp()) where task_id > 0"};
};

TEST_F(OneTask, OutcomesMeetOutcomes) {
  meet_all({a_ok, a_fails, a_retries}, {a_ok, b_ok, b_fails});
}
TEST_F(OneTask, OutcomesMeetOperators) {
  meet_all({a_ok, a_retries, b_fails}, {cancels, pauses, settles});
}
TEST_F(OneTask, ClaimsMeetAllOthers) {
  meet_all({claims}, {claims, claims_one, a_ok, a_retries, b_fails, hands_back, cancels, pauses, settles});
}
TEST_F(OneTask, TakeoverMeetsAllOthers) {
  meet_all({reclaims}, {reclaims, dies, a_ok, b_fails, claims, cancels, pauses, settles, hands_back});
}
TEST_F(OneTask, ADyingHostMeetsItsOwnCalls) {
  meet_all({dies}, {dies, a_ok, hands_back, submits});
}
TEST_F(OneTask, HandingBackMeetsAllOthers) {
  meet_all({hands_back}, {hands_back, a_ok, b_ok, cancels});
}
TEST_F(OneTask, OperatorsMeetOperators) {
  meet_all({cancels, pauses}, {cancels, resumes});
}
TEST_F(OneTask, ASubmitMeetsItsRepetitionAndAClaim) {
  meet_all({submits}, {submits, claims});
}

// The parents of a partition are locked by nothing that a call would wait for, and a call in the middle of
// its writing keeps nobody from making a partition.
TEST_F(OneTask, NewPartitionsMeetEveryCall) {
  const std::string makes = "select tasker.ensure_partitions(4194304 * 2, 1)";
  for (const Verb& verb : {a_ok, b_fails, claims, hands_back, reclaims, cancels, submits}) {
    SCOPED_TRACE(verb.name);
    restore();
    holder_.exec("select pg_advisory_lock(4711)");
    first_.exec("begin; select set_config('test.place', '2', false), set_config('test.passed', '', false)");
    run_as_far_as_it_gets(first_, verb.sql);
    EXPECT_TRUE(first_.is_busy()) << "did not stop in the middle";
    second_.exec("begin");
    run_as_far_as_it_gets(second_, makes);
    EXPECT_FALSE(second_.is_busy()) << "a new partition waits for a call";
    holder_.exec("select pg_advisory_unlock(4711)");
    EXPECT_TRUE(first_.finish().ok());
    first_.exec("rollback; set test.place = ''");
    EXPECT_TRUE(second_.finish().ok());
    run_as_far_as_it_gets(first_, verb.sql);
    EXPECT_FALSE(first_.is_busy()) << "a call waits for a new partition";
    second_.exec("rollback");
    EXPECT_TRUE(first_.finish().ok());
    expect_sound();
  }
}

// The last two steps of a task, on two hosts: whatever ends them, one call ends the task.
class LastTwoSteps : public Interleavings {
 protected:
  LastTwoSteps() {
    const auto two = world_.publish("two", "a; b");
    world_.submit(two.template_id);
    world_.sql.exec("update tasker.step set host_id = 2 where ord = 2");
    keep();
  }
};

TEST_F(LastTwoSteps, EndTheirTaskOnce) {
  const Verb a_ok{"success of a", complete(1, "1", "ok")}, a_fails{"failure of a", complete(1, "1", "fail")},
      b_ok{"success of b", complete(2, "2", "ok")}, b_gives_up{"b gives up", complete(2, "2", "cancelled")},
      cancels{"cancel", operate("cancel_task")};
  meet_all({a_ok, a_fails}, {b_ok, b_gives_up, cancels});
}

}  // namespace
}  // namespace tasker::test
