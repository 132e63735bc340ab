#!/usr/bin/env python3
"""Which tests hold which rule of concurrency: takes each rule out of the code, runs its tests, and sees them fail.

rules.py list                       the table: rule, place, tests
rules.py sql [--build DIR] [WORD]   the rules that SQL functions keep; only those whose text has WORD. Minutes
rules.py cpp [--build DIR] [WORD]   those that C++ keeps: changes a source, builds, runs, and puts it back. Longer
rules.py both                       that every text to be taken out is there once, without running anything

Only `both` is part of ctest, for the others test the tests. Run them after changing a rule, its function or its tests.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
STORE, ENGINE = "tasker-store-tests", "unit_engine"

# rule -> [(file, what is taken out, what stands there instead, tests that fail then, their program)]
RULES = {
    "Outcomes are written first; children are claimed in a fresh snapshot that sees a cancel or pause": [
        ("sql/functions/complete_steps.sql", "select t.state in ('pending', 'in_progress') as may_run,", "select true as may_run,",
         "CompleteThenClaim.NoChild*", STORE)],
    "An operator's action first locks the task's unfinished steps": [
        ("sql/functions/lock_tasks.sql", "  order by s.task_id, s.ord for update of s;", "  order by s.task_id, s.ord;",
         "CompleteThenClaim.AnActionWaits*:LockOrder.OfOperatorActions", STORE)],
    "Complete, claim and submit hold their own living host's row; takeover locks it first": [
        ("sql/functions/complete_steps.sql", "where host_id = p_host and alive for key share;", "where host_id = p_host and alive;",
         "HostGuard.ACallInFlight*", STORE),
        ("sql/functions/complete_steps.sql", "where host_id = p_host and alive for key share;", "where host_id = p_host for key share;",
         "HostGuard.ADeadHost*", STORE),
        ("sql/functions/claim_steps.sql", "where host_id = p_host and alive for key share;", "where host_id = p_host for key share;",
         "HostGuard.ADeadHost*", STORE),
        ("sql/functions/submit_tasks.sql", "where host_id = p_host and alive for key share;", "where host_id = p_host for key share;",
         "HostGuard.ADeadHost*", STORE),
        ("sql/functions/claim_steps.sql", "where host_id = p_host and alive for key share;", "where host_id = p_host and alive;",
         "OneTask.ADyingHost*:LockOrder.*:TwoHosts.AHostLeaves*:HostGuard.*", STORE),
        ("sql/functions/hosts.sql", "where h.host_id = any (p_dead) and h.alive and h.host_id <> p_host\n    order by h.host_id for update) locked",
         "where h.host_id = any (p_dead) and h.alive and h.host_id <> p_host\n    order by h.host_id) locked",
         "HostGuard.*:LockOrder.OfTakeover", STORE)],
    "The fence is claim_no, which only grows": [
        ("sql/functions/complete_steps.sql", "and s.host_id = p_host and s.claim_no = u.c       -- the fence", "and s.host_id = p_host",
         "*AnOldFenceIsStale*:ClaimNumber.*:Fence.*", STORE),
        ("sql/functions/claim_steps.sql", "claim_no = s.claim_no + 1,", "claim_no = s.attempts + 1,", "ClaimNumber.TheFenceOnlyGrows", STORE),
        ("sql/functions/hosts.sql", "and s.ord = u.o and s.claim_no = u.c     -- + 0", "and s.ord = u.o     -- + 0",
         "Fence.HandingBackNeedsTheClaimItself", STORE)],
    "A repeated call has the same answer": [
        ("sql/functions/complete_steps.sql", "where u.repeated and k.state = 'in_progress' and k.host_id = p_host", "where false",
         "LostAnswer.ARepeatedComplete*:LostAnswers.ACommittedComplete*", STORE),
        ("sql/functions/submit_tasks.sql", "  if exists (select from tasker.task t where t.lane = tasker.lane_of(p_tasks[1]) and t.task_id = p_tasks[1]) then",
         "  if false then", "LostAnswer.ARepeatedSubmit*:LostAnswers.ACommittedSubmit*", STORE)],
    "A host reconciles what the database counts as its own with what it holds": [
        ("host/engine/reconciler.cpp", "if (suspected.count(workflow_step_id(step.step)) != 0) lost.push_back(step);", "static_cast<void>(suspected);",
          "LostAnswers.StepsThatOnlyTheDatabaseKnows*", ENGINE)],
    "One lock order: host, queues, steps by (task, ord), tasks; claims skip what is locked; batches are sorted": [
        ("sql/functions/claim_steps.sql", "order by s.task_id, s.ord for update of s skip locked)", "order by s.task_id, s.ord for update of s)",
         "LockOrderRaces.ClaimSkips*", STORE),
        ("sql/functions/lock_tasks.sql", "  order by s.task_id, s.ord for update of s;", "  order by s.task_id desc, s.ord for update of s;",
         "LockOrder.*", STORE),
        ("sql/functions/complete_steps.sql", "      order by s.task_id, s.ord for update of s;", "      order by s.task_id desc, s.ord for update of s;",
         "LockOrder.*", STORE)],
    "A host is dead when its counter stood still for the timeout, by the observer's clock, while the observer's own beats succeeded": [
        ("host/engine/liveness.cpp", "if (last_ && now - *last_ >= options_.timeout) seen_.clear();", "", "HostObserver.BeginsAnew*", ENGINE),
        ("host/engine/liveness.cpp", "for (auto& [host, seen] : seen_) seen.since += blind;", "static_cast<void>(blind);",
         "HostObserver.CountsNoTime*", ENGINE)],
    "Lost attempts have a budget of their own": [
        ("sql/functions/hosts.sql", "when h.losses >= v_limit or h.crashes", "when h.crashes", "LostBudget.*", STORE),
        ("sql/functions/hosts.sql", "      lost = h.losses, run_at = null,", "      lost = h.losses, attempts = s.attempts + 1, run_at = null,",
         "Takeover.SpendsNothing*", STORE)],
    "A step that took its host down twice is quarantined, and its neighbours pay nothing": [
        ("sql/functions/hosts.sql", "when h.losses >= v_limit or h.crashes >= v_crash_limit then 'error'", "when h.losses >= v_limit then 'error'",
         "Crashes.TheSecondOne*", STORE),
        ("sql/functions/hosts.sql", "           + (c.host_id is null)::int as losses", "           + 1 as losses", "Crashes.TheSecondOne*", STORE),
        ("sql/functions/hosts.sql", "              and not exists (select from tasker.host_crash h where h.host_id = a.host_id))",
         "              )", "Crashes.AreCountedAlso*", STORE),
        ("sql/functions/host_crashes.sql", "  if v_crashes >= v_limit then", "  if false then", "Crashes.AreCountedAlso*", STORE),
        ("sql/functions/host_crashes.sql", "  perform tasker.lock_tasks(array[p_task]);\n", "", "Crashes.ToldWhile*:LockOrder.OfNoting*", STORE)],
    "Takeover finds any step of a host that is not alive, in bounded batches, lane by lane, with a time-out of its own": [
        ("sql/functions/hosts.sql", "array(select host_id from tasker.host where not alive);", "array(select host_id from tasker.host where not alive and not released);",
         "TwoHosts.TakeoverFinds*:TakeoverRounds.*", STORE),
        ("sql/functions/hosts.sql", "    limit p_limit) found_steps;", "    ) found_steps;", "TakeoverRounds.TakeoverFindsWhatever*", STORE),
        ("host/store/takeover.cpp", "  session.set_statement_timeout(batch_timeout_);\n", "", "TakeoverRounds.TakeoverHasAStatementTimeout*", STORE)],
    "One bad row does not fail its batch": [
        ("host/store/complete_call.cpp", "  if (!is_splittable(rows.error().code)) return rows.error();\n", "  if (!rows) return rows.error();\n",
         "BadRow.ABadRowAloneFails:BadRow.ALockedRow*", STORE)],
    "The end of a task is decided under locked rows, and an exhausted step leaves the task in progress while others move": [
        ("sql/functions/complete_steps.sql", "between lo and hi for update) t;", "between lo and hi) t;",
         "EndOfTaskRaces.*:LastTwoSteps.*:TwoHosts.EndingTheLastTwo*:LockOrder.*", STORE),
        ("sql/functions/complete_steps.sql", "          and s.state in ('ready', 'in_progress', 'waiting_for_retry', 'waiting_for_event'))\n    returning",
         "          and s.state in ('ready'))\n    returning", "EndOfTaskRaces.AnExhausted*", STORE)],
    "A claim carries the task's revision, and cached results count only while it is the same": [
        ("sql/functions/claim_steps.sql", "            select t.revision, t.template_id from", "            select 0 as revision, t.template_id from",
         "Revision.*", STORE),
        ("sql/functions/complete_steps.sql", "as may_run, t.revision, t.template_id, t.priority", "as may_run, 0 as revision, t.template_id, t.priority",
         "Revision.*", STORE),
        ("host/engine/working_set.cpp", "if (found->second->revision != revision) {", "if (found->second->revision < 0 && revision < 0) {",
         "WorkingSet.AnotherRevision*", ENGINE)],
    "Room is free slots and a small prefetch by the observed rate; a claim not started in time goes back; clocks start on entry": [
        ("host/engine/room.h", "std::min(max_in_flight_, workers_ + prefetch_) - (held_ - ended_)", "max_in_flight_ - (held_ - ended_)", "Room.*", ENGINE),
        ("host/engine/room.h", "    prefetch_ = std::min(std::max(static_cast<int>(rate * 0.15), prefetch_ / 2), max_in_flight_);\n", "    static_cast<void>(rate);\n",
         "Room.ThePrefetch*", ENGINE),
        ("host/engine/dispatcher.cpp", "runner_->take_back(before)", "runner_->take_back(before - std::chrono::hours(1))",
         "HandBack.AClaimThatNoThreadEntersInTimeGoesBack", ENGINE),
        ("host/engine/worker_pool.cpp", "const SteadyTime entered = std::chrono::steady_clock::now();", "const SteadyTime entered = ref.claimed;",
         "Clocks.*:WorkerPool.ClocksStart*", ENGINE)],
    "The ready queue holds due work by plugin, priority and time; what is due later waits apart": [
        ("sql/functions/claim_steps.sql", "where d.lane = p_lane and d.run_at <= p_now", "where d.lane = p_lane", "Queue.FutureWork*", STORE),
        ("sql/functions/claim_steps.sql", "    where r.lane = p_lane and r.plugin_id = w.plugin_id\n", "    where r.lane = p_lane and r.plugin_id + 0 = w.plugin_id\n",
         "Queue.WorkForAPlugin*", STORE),
        ("sql/functions/claim_steps.sql", "    order by q.priority, q.run_at, q.task_id, q.ord limit p_room)", "    order by q.run_at, q.task_id, q.ord limit p_room)",
         "QueueOrder.PriorityCounts*", STORE)],
    "Task ids come in blocks of 64, dense and ascending; blocks unused for a minute are dropped": [
        ("host/store/id_blocks.cpp", "  if (now - last_use_ >= kDropAfter) ranges_.clear();\n", "", "TaskIds.BlocksUnused*", STORE),
        ("host/store/id_blocks.cpp", "    std::sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) { return a.next < b.next; });\n", "",
         "TaskIds.Ascend*:TaskIds.IdsAreDense*", STORE)],
    "Partitions are attached and do not wait behind an open SELECT; there is no default one; what is unique over time has its own table": [
        ("sql/functions/ensure_partitions.sql",
         "execute format('create table tasker.%I (like tasker.%I including defaults including generated including constraints including indexes) %s',\n"
         "                       v_table || v_part, v_table, v_options);",
         "execute format('create table tasker.%I partition of tasker.%I for values from (%s) to (%s) %s',\n"
         "                       v_table || v_part, v_table, v_low, v_low + v_size, v_options); continue;",
         "PartitionsAhead.*:Partitions.NoParent*", STORE),
        ("sql/functions/submit_keyed_tasks.sql", "  where k.tasks[1] = p_tasks[v_ends[i] - n + 1];",
         "  where k.tasks[1] = p_tasks[v_ends[i] - n + 1] or not exists (select from tasker.task t where t.task_id = k.tasks[1]);",
         "Idempotency.AKeyOutlives*", STORE)],
    "A call that is sent for the first time and finds tasks with its ids leaves them: ids can be given twice": [
        ("sql/functions/submit_tasks.sql", "    select 0, -1, 0, 0, 0, 0, 0, 0;", "    select 0, 0, 0, 0, 0, 0, 0, 0;", "TaskIds.OfADatabase*", STORE),
        ("sql/functions/submit_tasks.sql", "or t.correlation_id is distinct from u.correlation_id) then", ") then",
         "TaskIds.OfAnotherRequest*", STORE),
        ("sql/functions/submit_keyed_tasks.sql", "  if v_is_new and exists (select from tasker.task t where t.lane = tasker.lane_of(v_first)",
         "  if false and exists (select from tasker.task t where t.lane = tasker.lane_of(v_first)",
         "TaskIds.OfADatabase*:Idempotency.IdsThatAreInUse*", STORE),
        ("sql/functions/ensure_partitions.sql", "    exit when v_block >= coalesce(v_highest / 64, 0);", "    exit;", "TaskIds.OfADatabase*", STORE),
        ("host/store/submit_call.cpp", "  if (unknown_) return false;\n", "", "LostAnswers.ACommittedSubmit*", STORE)],
    "A function whose signature changes gets another name, and hosts of two versions share one database": [
        ("sql/functions/claim_steps.sql", "p_room int, p_now timestamptz)\nreturns", "p_room int, p_now timestamptz, p_more int)\nreturns",
         "FunctionNames.*", STORE),
        ("sql/functions/claim_steps.sql", None, "create function tasker.claim_steps(p_host int) returns int language sql as 'select 1';", "FunctionNames.NoFunction*", STORE)],
}


def cases(kind, word):
    for rule, changes in RULES.items():
        for file, old, new, tests, program in changes:
            if file.startswith("sql/") == (kind == "sql") and word.lower() in (rule + file + tests).lower():
                yield rule, file, old, new, tests, program


def changed(file, old, new):
    text = (ROOT / file).read_text(encoding="utf-8")
    if old is None:
        return text + (new or "")
    if text.count(old) != 1:
        sys.exit(f"{file} says {text.count(old)} times instead of once:\n{old}")
    return text.replace(old, new)


def fails(build, program, tests, environment=None):
    run = subprocess.run([build / "tests" / program, f"--gtest_filter={tests}"], capture_output=True, text=True, errors="replace",
                         env={**os.environ, **(environment or {})}, timeout=900, check=False)
    failed = re.findall(r"^\[  FAILED  \] ([\w/.]+)(?: \(|,|$)", run.stdout, re.MULTILINE)
    if "Running 0 tests" in run.stdout:
        sys.exit(f"no test is called {tests}")
    return sorted(set(failed)) or (["(ended by a signal)"] if run.returncode else [])


def without_sql(build, file, old, new, tests, program):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as broken:
        broken.write(changed(file, old, new))
        broken.flush()
        os.chmod(broken.name, 0o644)
        return fails(build, program, tests, {"TASKER_TEST_SQL": broken.name})


def without_cpp(build, file, old, new, tests, program):
    path = ROOT / file
    kept = path.read_bytes()
    try:
        path.write_text(changed(file, old, new), encoding="utf-8")
        subprocess.run(["cmake", "--build", build, "--target", program], check=True, stdout=subprocess.DEVNULL)
        return fails(build, program, tests)
    finally:
        path.write_bytes(kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["list", "sql", "cpp", "both"])
    parser.add_argument("word", nargs="?", default="")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    if arguments.what in ("list", "both"):
        for kind in ("sql", "cpp"):
            for rule, file, old, new, tests, program in cases(kind, arguments.word):
                changed(file, old, new)
                if arguments.what == "list":
                    print(f"{rule}\n    {file}: {program} {tests}")
        return 0
    unnoticed = 0
    for case in cases(arguments.what, arguments.word):
        failed = (without_sql if arguments.what == "sql" else without_cpp)(build, *case[1:])
        unnoticed += not failed
        print(f"{'ok  ' if failed else 'NOT NOTICED'} {case[0]}\n     {case[1]}: {' '.join(failed) or case[4]}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
