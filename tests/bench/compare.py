#!/usr/bin/env python3
"""Compares two builds of tasker-bench, run in turn: compare.py OLD NEW [WORKLOAD] [--rounds N] [-- ARGUMENTS...]

Runs of one build minutes apart differ by more than most changes are worth, so the two take turns and each round gives one
ratio. Prints each round, then the median ratio with its range; a range that holds 1.0 proves nothing.
"""
import argparse
import json
import statistics
import subprocess
import sys


def rate(program, workload, arguments):
    done = subprocess.run([program, workload, "--no-limit", *arguments], stdout=subprocess.PIPE, check=True, timeout=1800)
    return json.loads(done.stdout)["steps_per_s"]


def main():
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("workload", nargs="?", default="linear4")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args(own)
    ratios = []
    for number in range(1, chosen.rounds + 1):
        # Who begins changes from round to round: the first of a pair finds a quieter disk.
        order = [chosen.old, chosen.new] if number % 2 else [chosen.new, chosen.old]
        rates = {program: rate(program, chosen.workload, rest) for program in order}
        ratios.append(rates[chosen.new] / rates[chosen.old])
        print(f"round {number}: old {rates[chosen.old]:.0f} new {rates[chosen.new]:.0f} steps/s, new/old {ratios[-1]:.3f}", flush=True)
    print(f"{chosen.workload}: new/old median {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f}")


if __name__ == "__main__":
    main()
