#!/usr/bin/env python3
"""Adds up what tests/run.sh left: <preset>.ctest.xml of CTest, and <preset>/<program>.xml of each GoogleTest program, whose
cases count one by one. Other tests count as one each. Prints the failed ones, then "N passed, N failed"."""
import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def cases_of(program):
    """(name, outcome) of each case in a GoogleTest report."""
    for case in ElementTree.parse(program).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None:
            yield name, "failed"
        elif case.get("status") == "notrun" or case.get("result") == "skipped" or case.find("skipped") is not None:
            yield name, "skipped"
        else:
            yield name, "passed"


def outcome_of(test):
    if test.get("status") == "run":
        return "passed"
    reason = test.find("skipped")
    # A program that is missing is "not run" too, which must not pass for a skipped test.
    if test.get("status") == "disabled" or (reason is not None and reason.get("message", "").startswith("SKIP")):
        return "skipped"
    return "failed"


def outcomes(report):
    """(name, outcome) of everything in one preset."""
    for test in ElementTree.parse(report).iter("testcase"):
        name, ended = test.get("name"), outcome_of(test)
        program = report.parent / report.name.removesuffix(".ctest.xml") / f"{name}.xml"
        cases = []
        if program.is_file():
            try:
                cases = list(cases_of(program))
            except ElementTree.ParseError:
                ended = "failed"  # the program died while writing
        yield from ((f"{name}: {case}", outcome) for case, outcome in cases)
        if not cases or (ended == "failed" and all(outcome != "failed" for _, outcome in cases)):
            yield name, ended  # without cases, or it failed beside them: a crash, a leak, a race, a timeout


def main(folder):
    counts = collections.Counter()
    reports = sorted(pathlib.Path(folder).glob("*.ctest.xml"))
    for report in reports:
        for name, outcome in outcomes(report):
            counts[outcome] += 1
            if outcome == "failed":
                print(f"failed in {report.name.removesuffix('.ctest.xml')}: {name}")
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
