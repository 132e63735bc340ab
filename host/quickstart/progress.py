"""What the demonstration shows while it runs: a few lines redrawn in place on a terminal, plain lines elsewhere."""
import collections
import os
import shutil
import sys
import time

REDRAW_S = 0.1
PLAIN_S = 1.0
BAR = 32


class Progress:
    def __init__(self, expected_tasks, out=sys.stdout):
        self._expected = expected_tasks
        self._out = out
        self._terminal = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._drawn = 0
        self._next = 0.0
        self._last_line = ""
        self._effects = collections.deque()  # (when, how many) of about the last second

    def say(self, line):
        """A line that stays, above what is redrawn."""
        self._erase()
        self._out.write(line + "\n")
        self._out.flush()
        self._next = 0.0

    def show(self, view, last=False):
        now = time.monotonic()
        self._effects.append((now, view.effects))
        while now - self._effects[0][0] > 1.2:
            self._effects.popleft()
        if now < self._next and not last:
            return
        self._next = now + (REDRAW_S if self._terminal else PLAIN_S)
        lines = self._lines(view)
        if self._terminal:
            self._erase()
            width = shutil.get_terminal_size().columns - 1
            self._out.write("".join(line[:width] + "\n" for line in lines))
            self._drawn = len(lines)
        elif lines[0] != self._last_line:
            self._last_line = lines[0]
            self._out.write(lines[0] + "\n")
        self._out.flush()

    def _lines(self, view):
        ended = view.ended()
        states = ", ".join(f"{state} {count}" for state, count in sorted(view.by_state().items())) or "no tasks yet"
        versions = ", ".join(f"{name} {count}" for name, count in sorted(view.by_version().items())) or "no tasks yet"
        sums = f"{ended}/{self._expected} tasks, {self._steps_per_s():.0f} steps/s"
        if not self._terminal:
            return [f"{sums}; {states}; {versions}"]
        full = BAR * ended // self._expected
        return [f"  [{'#' * full}{'-' * (BAR - full)}] {sums}", f"  states    {states}", f"  versions  {versions}"]

    def _steps_per_s(self):
        (first, before), (last, after) = self._effects[0], self._effects[-1]
        return (after - before) / (last - first) if last > first else 0.0

    def _erase(self):
        if self._drawn:
            self._out.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0
