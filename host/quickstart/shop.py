"""The story: half of the orders go to order_process 1.0.0; while they run, 1.1.0 is dropped into the folder; the other
half and an inventory of this machine follow. Everything goes through the API, as a user's work would."""
import time

from view import View

OLD, NEW = "1.0.0", "1.1.0"
PORTION = 20
BETWEEN_PORTIONS_S = 0.15
ENDED_BEFORE_DROP = 20
# Nothing has changed for so long: something is stuck, and waiting longer will not help.
PATIENCE_S = 60
LOOK_S = 0.1


class Stuck(Exception):
    """Nothing moved for a minute; the text says what was waited for."""


class Shop:
    def __init__(self, api, host, places, orders, progress):
        self._api, self._host, self._places, self._progress = api, host, places, progress
        self._orders = orders
        self.view = View(api, places.ledger)
        self.submitted = {}  # task id -> order id, None for the inventory
        self.version_wanted = {}  # order id -> the version that was the newest when it was submitted
        self.running_at_switch = 0
        self.elapsed = 0.0

    def run(self):
        self._drop("default", "order_process", OLD)
        self._drop("data_processing", "package_inventory", "1.0.0")
        self._wait_until_active("order_process", OLD)
        self._wait_until_active("package_inventory", "1.0.0")
        began = time.monotonic()
        half = len(self._orders) // 2
        self._submit(self._orders[:half], OLD)
        self._watch(lambda: self.view.ended() >= ENDED_BEFORE_DROP, "the first orders to end")
        self._progress.say(f"half-way: dropping order_process-{NEW}.so into the folder")
        self._drop("default", "order_process", NEW)
        self._wait_until_active("order_process", NEW)
        self.running_at_switch = self.view.running(OLD)
        self._progress.say(f"order_process {NEW} is live; {self.running_at_switch} tasks go on running on {OLD}")
        self._submit_inventory()
        self._submit(self._orders[half:], NEW)
        self._watch(lambda: self.view.ended() >= len(self.submitted), "all tasks to end")
        self.elapsed = time.monotonic() - began
        self._progress.show(self.view, last=True)

    def tasks(self):
        """Every submitted task as the API shows it in the end."""
        return [self._api.task(task_id) for task_id in self.submitted]

    def _drop(self, namespace, name, version):
        self._places.drop(namespace, f"{name}-{version}.so")

    def _submit(self, order_ids, version):
        for start in range(0, len(order_ids), PORTION):
            portion = order_ids[start:start + PORTION]
            ids = self._api.submit([self._task("default", "order_process", {"order_id": order}) for order in portion])
            self.submitted.update(zip(ids, portion))
            self.version_wanted.update((order, version) for order in portion)
            pause = time.monotonic() + BETWEEN_PORTIONS_S
            self._watch(lambda until=pause: time.monotonic() >= until, "the next portion")

    def _submit_inventory(self):
        ids = self._api.submit([self._task("data_processing", "package_inventory", {})])
        self.submitted.update((task_id, None) for task_id in ids)

    @staticmethod
    def _task(namespace, name, context):
        return {"namespace": namespace, "name": name, "context": context, "initiator": "quickstart",
                "source_system": "quickstart", "reason": "demonstration"}

    def _wait_until_active(self, name, version):
        def is_active():
            # One version may have two rows: what is loaded, and a file with other bytes that was refused.
            rows = [row for row in self._api.plugins() if (row.get("name"), row.get("version")) == (name, version)]
            if any(row["state"] == "active" and row["hosts"] > 0 for row in rows):
                return True
            for row in rows:
                if row["state"] == "refused":
                    raise Stuck(f"{name}-{version}.so was refused: {row['code']}: {row['reason']}")
            return False
        self._watch(is_active, f"{name}-{version}.so to be loaded")

    def _watch(self, condition, awaited):
        seen, changed = None, time.monotonic()
        while True:
            self._host.check()
            self.view.refresh()
            self._progress.show(self.view)
            if condition():
                return
            now = time.monotonic()
            state = (self.view.by_state(), self.view.effects)
            if state != seen:
                seen, changed = state, now
            if now - changed > PATIENCE_S:
                raise Stuck(f"nothing moved for {PATIENCE_S} s while waiting for {awaited}")
            time.sleep(LOOK_S)
