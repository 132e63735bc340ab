#!/usr/bin/env python3
"""Every stable error code is brought about by some test: its text or its enumerator stands in a test's source. And whatever
looks like a code in the SDK or in SQL is in the list of base/error_codes.h, so that `tasker help` knows it."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = (ROOT / "host/base/error_codes.h").read_text(encoding="utf-8")
CODES = dict(re.findall(r'^\s*X\((\w+),\s*"([a-z_.]+)",\s*\d+\)', LIST, re.MULTILINE))
# A broken invariant, and a machine without memory: no test can bring them about without becoming one.
UNREACHABLE = {"internal", "host.no_memory"}
TESTS = {".cpp", ".h", ".py", ".mjs", ".c"}
# Files that speak of codes without bringing one about.
ONLY_SPEAK = {"tests/unit/app/codes_test.cpp", "tests/error_codes.py"}
# A code of the host's in a string of the SDK or of SQL. Kinds of the journal look alike and are no codes.
MENTION = re.compile(r"""["']((?:plugin|step|host)\.[a-z_]+)["']""")
JOURNAL = {"host.crashed", "host.dead", "host.left", "plugin.active", "plugin.published", "plugin.resumed", "plugin.default_pinned",
           "plugin.default_unpinned", "plugin.retried", "plugin.refused"}


def sources(folder, endings):
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in endings and path.is_file():
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def untested():
    text = "\n".join(text for name, text in sources("tests", TESTS) if name not in ONLY_SPEAK)
    for name, code in CODES.items():
        if code not in UNREACHABLE and not re.search(rf"\bCode::{name}\b|(?<![\w.]){re.escape(code)}(?![\w])" if "." in code else rf"(?<!\w)Code::{name}\b|[\"']{code}[\"']", text):
            yield f"{code}: no test brings it about"


def unlisted():
    for folder, endings in (("sdk", {".h"}), ("sql/functions", {".sql"}), ("host", {".cpp", ".h"})):
        for name, text in sources(folder, endings):
            for code in MENTION.findall(text):
                if code not in CODES.values() and code not in JOURNAL:
                    yield f"{name} says {code}, which is not in host/base/error_codes.h"


def main():
    assert len(CODES) > 60, "the list could not be read"
    wrong = [*untested(), *unlisted()]
    print("\n".join(wrong) or f"{len(CODES)} codes, each in a test")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
