#!/usr/bin/env python3
"""A short run of tasker-bench that fails when the host has become much slower: smoke.py TASKER_BENCH

A bare rate says more of the machine than of the host, so what is held is the host's rate as a share of what set-based SQL
reaches in the same run. The shares in smoke.json were measured with the same arguments; a fall of more than 40 % fails.
The best of three runs counts: a busy machine must not fail a change. This holds no floor of speed: those are measured
by tasker-bench itself, on a quiet machine.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

RUNS = 3
LARGEST_FALL = 0.40


def share(program, workload, data):
    command = [program, workload, "--tasks", "6000", "--latency-runs", "20", "--data", data]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
    result = json.loads(done.stdout)
    print(f"{workload}: {result['steps_per_s']:.0f} steps/s, {result['sql_limit_steps_per_s']:.0f} by SQL alone", flush=True)
    return result["steps_per_s"] / result["sql_limit_steps_per_s"]


def main():
    recorded = json.loads((pathlib.Path(__file__).parent / "smoke.json").read_text())
    failed = False
    for workload, before in recorded.items():
        floor = before * (1 - LARGEST_FALL)
        best = 0
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory(prefix="tasker-smoke-") as folder:
                os.chmod(folder, 0o755)  # under root the database runs as another user, who must be able to enter
                best = max(best, share(sys.argv[1], workload, f"{folder}/data"))
            if best >= floor:
                break
        print(f"{workload}: {best:.2f} of the limit; recorded {before:.2f}, floor {floor:.2f}")
        failed |= best < floor
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
