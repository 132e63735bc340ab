"""What the API and the ledger say now about the tasks of this demonstration."""
import collections

ENDED = {"complete", "error", "cancelled", "resolved_manually"}


def plugin_of(task):
    return f"{task['namespace']}/{task['name']} {task['plugin_version']}"


class View:
    def __init__(self, api, ledger):
        self._api, self._ledger = api, ledger
        self._heads = []
        self._read = 0  # bytes of the ledger that were counted
        self.effects = 0

    def refresh(self):
        self._heads = list(self._api.heads())
        if self._ledger.exists():
            with open(self._ledger, "rb") as ledger:
                ledger.seek(self._read)
                added = ledger.read()
            self._read += len(added)
            self.effects += added.count(b"\n")

    def ended(self):
        return sum(task["detail"] in ENDED for task in self._heads)

    def running(self, version):
        """Tasks of order_process in this version that have not ended."""
        return sum(task["detail"] not in ENDED and task["name"] == "order_process" and task["plugin_version"] == version
                   for task in self._heads)

    def by_state(self):
        return collections.Counter(task["detail"] for task in self._heads)

    def by_version(self):
        return collections.Counter(f"{task['name']} {task['plugin_version']}" for task in self._heads)
