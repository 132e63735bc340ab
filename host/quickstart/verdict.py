"""Compares what happened with what the orders' expected.json says, order by order and key by key."""
import collections
import json

from shop import NEW, OLD
from view import ENDED


def step_of(task, name):
    return next(step for step in task["workflow_steps"] if step["name"] == name)


def failed_step(task):
    return next((step for step in task["workflow_steps"] if step["detail"] == "error"), None)


class Verdict:
    def __init__(self, shop, tasks, places):
        self.tasks = tasks
        steps = [step for task in tasks for step in task["workflow_steps"]]
        history = [attempt for step in steps for attempt in step["attempt_history"]]
        self.steps = sum(step["detail"] == "complete" for step in steps)
        self.attempts = len(history)
        self.retries = sum(attempt["outcome"] == "retry" for attempt in history)
        self.lost = len(shop.submitted) - sum(task["detail"] in ENDED for task in tasks)
        self.effects = [json.loads(line) for line in places.ledger.read_text().splitlines()]
        self.differences = []
        orders = [task for task in tasks if task["name"] == "order_process"]
        expected = json.loads(places.expected.read_text())
        self._compare_orders(shop, orders, expected)
        self._compare_sums(orders, expected)
        self._compare_ledger(orders)
        self._compare_inventory(tasks, places)
        self._require("tasks lost", self.lost, 0)
        if shop.running_at_switch == 0:
            self.differences.append(f"no task was running on {OLD} when {NEW} went live")

    def _require(self, what, found, wanted):
        if found != wanted:
            self.differences.append(f"{what}: {found}, expected {wanted}")

    def _compare_orders(self, shop, tasks, expected):
        exceptions = {entry["order_id"]: entry for entry in expected["exceptions"]}
        for task in tasks:
            order = task["context"]["order_id"]
            wanted = exceptions.get(order, expected["otherwise"])
            what = f"order {order} (task {task['task_id']})"
            self._require(f"{what}: state", task["detail"], wanted["status"])
            if "payment_attempts" in wanted:
                self._require(f"{what}: payment attempts", step_of(task, "process_payment")["attempts"],
                              wanted["payment_attempts"])
            if "code" in wanted and (failed := failed_step(task)):
                self._require(f"{what}: failed step", failed["name"], wanted["failed_step"])
                self._require(f"{what}: code", (failed["last_error"] or {}).get("code"), wanted["code"])
            ran_on = {attempt["plugin_version"] for step in task["workflow_steps"] for attempt in step["attempt_history"]}
            self._require(f"{what}: plugin version", ", ".join(sorted(ran_on)), shop.version_wanted[order])

    def _compare_sums(self, tasks, expected):
        self._require("orders", len(tasks), expected["orders"])
        for state in ("complete", "error"):
            self._require(f"orders {state}", sum(task["detail"] == state for task in tasks), expected[state])
        history = [a["outcome"] for t in tasks for s in t["workflow_steps"] for a in s["attempt_history"]]
        self._require("attempts", len(history), expected["attempts"])
        self._require("retries", history.count("retry"), expected["retries"])
        self._require("ledger lines", len(self.effects), expected["ledger_lines"])

    def _compare_ledger(self, tasks):
        """One line for each completed step, none besides, no key twice."""
        keys = collections.Counter(effect["idempotency_key"] for effect in self.effects)
        for key, count in keys.items():
            if count != 1:
                self.differences.append(f"ledger: the key {key} is there {count} times")
        found = collections.Counter((int(effect["task_id"]), effect["step"]) for effect in self.effects)
        done = collections.Counter((task["task_id"], step["name"]) for task in tasks for step in task["workflow_steps"]
                                   if step["detail"] == "complete")
        for task_id, step in (done - found):
            self.differences.append(f"ledger: task {task_id} completed {step}, which left no line")
        for task_id, step in (found - done):
            self.differences.append(f"ledger: a line of task {task_id}, {step}, has no completed step")

    def _compare_inventory(self, tasks, places):
        for task in tasks:
            if task["name"] != "package_inventory":
                continue
            self._require(f"inventory (task {task['task_id']}): state", task["detail"], "complete")
            for suffix in ("md", "json"):
                report = places.reports / f"package-inventory-task-{task['task_id']}.{suffix}"
                if not report.is_file():
                    self.differences.append(f"inventory: there is no {report}")
