#!/usr/bin/env python3
"""clang-tidy on C++ files that differ from a commit, new ones included: lint.py BASE, or `all`. Reads the commands of
build/release, whose generated headers must be there (any earlier build)."""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
# clang 14 does not know the coroutines of gcc 12's library, nor all of its ranges: files with coroutines are left out, and
# of the others only what a check says counts. Whether the code compiles is for gcc to say.
FINDING = re.compile(r"\[(?!clang-diagnostic)[a-z]+-[\w.,-]+\]$", re.MULTILINE)
COROUTINE = re.compile(r"\bco_(await|return|yield)\b|boost/asio/(awaitable|co_spawn)\.hpp")
FOLDER = BUILD / "lint"


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")


def changed_since(base):
    names = set(git("diff", "-z", "--name-only", "--diff-filter=d", base)) | set(git("ls-files", "-z", "-o", "--exclude-standard"))
    return {ROOT / name for name in names if name}


def reads_coroutines(path):
    """A file, or a header of ours beside it of the same name, that clang 14 cannot read."""
    return any(COROUTINE.search(file.read_text()) for file in (path, path.with_suffix(".h")) if file.is_file())


def commands():
    """Of gcc, made fit for clang: the precompiled header of gcc is read as text, and flags of gcc alone go."""
    FOLDER.mkdir(exist_ok=True)
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    for entry in entries:
        found = re.search(r"-include (\S+/cmake_pch\.hxx)", entry["command"])
        if found:
            # Beside the original lies gcc's .gch, which clang would take for one of its own.
            copy = FOLDER / (re.sub(r"\W", "_", str(pathlib.Path(found[1]).relative_to(BUILD))) + ".hxx")
            copy.write_text(pathlib.Path(found[1]).read_text().replace("#pragma GCC system_header", ""))
            entry["command"] = entry["command"].replace(found[1], str(copy))
        entry["command"] = re.sub(r" -(fno-gnu-unique|fcoroutines|Winvalid-pch|Werror)\b", "", entry["command"])
    (FOLDER / "compile_commands.json").write_text(json.dumps(entries))
    return {pathlib.Path(entry["file"]) for entry in entries}


def check(path):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", str(FOLDER), str(path)], capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return f"{path}: clang-tidy was killed by signal {-done.returncode}"
    blocks = re.split(r"^(?=/\S+:\d+:\d+: (?:warning|error):)", done.stdout, flags=re.MULTILINE)
    return "".join(block for block in blocks if FINDING.search(block.split("\n", 1)[0]))


def main(base):
    known = {path for path in commands() if path.suffix == ".cpp" and ROOT in path.parents and BUILD not in path.parents}
    if base != "all":
        changed = changed_since(base)
        # A changed header is read through the source beside it.
        known = {path for path in known if path in changed or path.with_suffix(".h") in changed}
    chosen = sorted(path for path in known if not reads_coroutines(path))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for findings in pool.map(check, chosen):
            if findings:
                failed += 1
                print(findings)
    print(f"{len(chosen)} files looked at, {len(known) - len(chosen)} with coroutines left out, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
