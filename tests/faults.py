#!/usr/bin/env python3
"""tests/plugin/README.md, the table of faults, against the tests: whatever a row names is there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "tests/plugin/README.md"
TEST = re.compile(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", re.MULTILINE)


def tests():
    found = set()
    for path in (ROOT / "tests").rglob("*_test.cpp"):
        found.update(f"{suite}.{name}" for suite, name in TEST.findall(path.read_text(encoding="utf-8")))
    return found


def main():
    known = tests()
    rows = re.findall(r"^\| (\d+) \|(.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    problems = [] if len(rows) > 40 else [f"only {len(rows)} rows are understood"]
    for number, row in rows:
        named = re.findall(r"`([^`]+)`", row.rstrip(" |").rsplit("|", 1)[1])
        if not named:
            problems.append(f"fault {number} has no test")
        for name in named:
            there = (ROOT / name).is_file() if "/" in name else name in known
            if not there:
                problems.append(f"fault {number}: there is no {name}")
    for problem in problems:
        print(f"tests/plugin/README.md: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
