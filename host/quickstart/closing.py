"""The table that the demonstration ends with, and what a person may try next."""
import collections
import os
import shlex

from verdict import failed_step
from view import plugin_of


def near(path):
    """Shorter when it lies below the folder the person is in."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short


def aligned(rows):
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [str(cell).ljust(width) if column == 0 else str(cell).rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        yield "  " + "  ".join(cells)


def table(shop, verdict):
    by_plugin = collections.defaultdict(collections.Counter)
    for task in verdict.tasks:
        by_plugin[plugin_of(task)][task["detail"]] += 1
    states = sorted({"complete", "error"} | {task["detail"] for task in verdict.tasks})
    rows = [("plugin", *states, "tasks")]
    rows += [(plugin, *(found[state] for state in states), found.total()) for plugin, found in sorted(by_plugin.items())]
    in_all = sum(by_plugin.values(), collections.Counter())
    rows.append(("all", *(in_all[state] for state in states), in_all.total()))
    yield from aligned(rows)
    yield ""
    yield (f"  steps {verdict.steps}, attempts {verdict.attempts}, retries {verdict.retries}, lost: {verdict.lost}, "
           f"elapsed {shop.elapsed:.1f} s, {verdict.steps / shop.elapsed:.0f} steps/s")
    yield f"  ({shop.running_at_switch} tasks were running on 1.0.0 when 1.1.0 went live; each payment waits for its gateway)"


def failures(verdict):
    """One line an order that ended in error, the declined one first."""
    found = []
    for task in verdict.tasks:
        step = failed_step(task)
        if task["detail"] == "error" and step:
            error = step["last_error"] or {}
            declined = error.get("code") == "card.declined"
            found.append((not declined, task["context"].get("order_id"),
                          f"  order {task['context'].get('order_id')} was {'declined' if declined else 'refused'} in "
                          f"{step['name']} (task {task['task_id']}): {error.get('code')}: {error.get('message')}"))
    return [line for _, _, line in sorted(found)]


def where(places):
    reports = sorted(places.reports.glob("*.md"))
    yield f"  report         {near(reports[0]) if reports else near(places.reports)} (and .json beside it)"
    yield f"  confirmations  {near(places.outbox)}/ ({sum(1 for _ in places.outbox.iterdir())} files)"
    yield f"  ledger         {near(places.ledger)}"


def try_next(url, host, places):
    tasker = shlex.quote(near(places.tasker))
    restart = shlex.join([near(places.tasker), *host.command()[1:]])
    yield f"Serving at {url} until Ctrl-C. Try in another terminal:"
    yield f"  {tasker} task list --status error --server {url}"
    yield f"  {tasker} task submit data_processing/package_inventory --count 200 --server {url}"
    yield f"  kill -9 {host.pid}; {restart}"
    yield "    the last one in the middle of the second: the restarted host finishes all of it, and nothing twice"
