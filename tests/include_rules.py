#!/usr/bin/env python3
"""Holds the folders to their borders by reading #include lines; each rule prints its reason when it fails.

include_rules.py rules               the borders between folders and between libraries
include_rules.py headers BUILD_DIR   every header of host/ compiles alone
include_rules.py self-test           the rules find what they are there for
"""
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".h", ".hpp", ".c", ".cpp", ".cc"}

# host folder -> the host folders it may include, itself aside.
LAYERS = {
    "base": set(),
    "model": {"base"},
    "config": {"base"},
    "engine": {"base", "model"},
    "store": {"base", "model", "engine"},
    "plugin": {"base", "model", "engine"},
    "runner": {"base", "model", "engine", "plugin"},
    "checker": {"base", "model", "engine", "plugin", "runner"},
    "http": {"base", "model", "engine"},
    "app": {"base", "model", "config", "engine", "store", "plugin", "runner", "checker", "http"},
}
LAYER_REASON = ("the order is base <- model <- engine <- {store, plugin <- runner <- checker, http} <- app: a lower part that knows a higher one "
                "cannot be tested or replaced alone, and app is the only place that wires. config serves app alone")

# what is included -> where it may be (path prefixes below the root) and why.
LIBRARIES = [
    (r"pqxx/|libpq-fe\.h", ["host/store/"],
     "PostgreSQL is reached through engine/ports.h, so that the engine runs on the in-memory store as well"),
    (r"boost/dll|dlfcn\.h|link\.h|elf\.h|tasker/plugin\.h", ["host/plugin/"],
     "only the plugin host loads foreign code; everyone else sees engine::Handler"),
    (r"boost/beast", ["host/http/"], "Beast costs half a minute a file: it stays in one folder"),
    (r"yaml-cpp/", ["host/base/yaml_tree.cpp"],
     "yaml-cpp lets duplicate keys, merge keys and further documents pass: YAML is read in one place that refuses them"),
    (r"seccomp\.h", ["host/runner/sandbox.cpp"], "what a runner may ask of the kernel is said in one place"),
    (r"openssl/", ["host/base/sha256.cpp"], "digests are made in one place"),
    (r"re2/", ["host/base/"], "patterns from people run on RE2 only where their length is bounded"),
    (r"spdlog/(?!fmt/)", ["host/base/log.cpp"], "log lines go through base/log.h"),
    (r"regex$", [], "std::regex takes exponential time and overflows its stack on long strings: use RE2"),
]
# Kept out of headers because each inclusion costs every file that includes the header.
HEAVY_IN_HEADERS = [(r"nlohmann/json\.hpp|pqxx/|boost/beast|yaml-cpp/|boost/dll|spdlog/(?!fmt/)",
                     "a heavy library in a header is paid by every file that includes it: forward-declare or hide it")]
MODEL_PURE = (r"boost/asio|unistd\.h|sys/|fstream|filesystem|thread$|iostream|base/log\.h|base/clock\.h",
              "model is pure: no I/O, no threads, no clock but a parameter")


def includes(path):
    return INCLUDE.findall(path.read_text(encoding="utf-8", errors="replace"))


def host_folder(target):
    """The host folder an include names, or None: includes are written from the host root."""
    head = target.split("/", 1)[0]
    return head if "/" in target and head in LAYERS and (ROOT / "host" / target).suffix in SOURCES else None


def violations_of(relative, targets):
    """Yields (target, reason) for one file; `relative` is its path below the root, with forward slashes."""
    parts = relative.split("/")
    in_host = parts[0] == "host" and len(parts) > 2 and parts[1] in LAYERS
    for target in targets:
        folder = host_folder(target)
        if in_host:
            own = parts[1]
            if folder and folder != own and folder not in LAYERS[own]:
                yield target, LAYER_REASON
            if target.startswith("../") or "/../" in target:
                yield target, "includes are written from the host root, so that a file's dependencies show in its text"
            if re.match(r"tasker/sdk|tasker/(?!plugin\.h)", target) or "sdk/" in target:
                yield target, "the host never includes the SDK: the C header is the whole contract"
            for pattern, allowed, reason in LIBRARIES:
                if re.match(pattern, target) and not any(relative.startswith(prefix) for prefix in allowed):
                    yield target, reason
            if relative.endswith(".h"):
                for pattern, reason in HEAVY_IN_HEADERS:
                    if re.match(pattern, target):
                        yield target, reason
            if own == "model" and re.match(MODEL_PURE[0], target):
                yield target, MODEL_PURE[1]
        elif parts[0] in ("sdk", "plugins", "plugin-api"):
            if folder or target.startswith("host/"):
                yield target, "the SDK and the plugins are built as a user's would be: nothing of the host is within reach"
            if parts[0] == "plugin-api" and target not in ("stddef.h", "stdint.h", "stdbool.h", "tasker/plugin.h"):
                yield target, "the contract depends on nothing but C99"


def source_files():
    for top in ("host", "sdk", "plugins", "plugin-api"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in SOURCES and "build" not in path.relative_to(ROOT).parts:
                yield path


def check_rules():
    failures = 0
    for path in source_files():
        relative = path.relative_to(ROOT).as_posix()
        for target, reason in violations_of(relative, includes(path)):
            failures += 1
            print(f"{relative}: must not include {target}\n    because {reason}")
    print(f"{failures} violation(s)" if failures else "all includes keep to the rules")
    return 1 if failures else 0


@functools.lru_cache(maxsize=None)
def compile_commands(build_dir):
    return json.loads((pathlib.Path(build_dir) / "compile_commands.json").read_text())


@functools.lru_cache(maxsize=None)
def compile_flags(build_dir, folder):
    """The flags of a file of the same folder, from compile_commands.json, without its output and its PCH."""
    for entry in compile_commands(build_dir):
        if f"/host/{folder}/" in entry["file"] and "cmake_pch" not in entry["file"]:
            words = shlex.split(entry["command"])
            kept = [words[0]]
            skip = False
            for index, word in enumerate(words[1:], 1):
                if skip:
                    skip = False
                elif word in ("-o", "-c", "-include", "-MF", "-MT"):
                    skip = True
                elif word.startswith(("-D", "-I", "-std", "-f", "-m")):
                    kept.append(word)
                elif word == "-isystem":
                    kept += ["-isystem", words[index + 1]]
                    skip = True
            return [word for word in kept if not word.startswith(("-fsanitize", "-fpch"))]
    return None


def check_header(job):
    header, flags = job
    relative = header.relative_to(ROOT / "host").as_posix()
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write(f'#include "{relative}"\n#include "{relative}"\n')
        source.flush()
        done = subprocess.run(flags + ["-Wall", "-Wextra", "-fsyntax-only", source.name], capture_output=True, text=True)
    return relative, done.returncode, done.stderr


def closure_digest(header, flags):
    """Changes when the header, anything of host/ or plugin-api/ that it includes, or the flags change."""
    seen, open_files = set(), [header]
    while open_files:
        path = open_files.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        open_files += [base / target for target in includes(path) for base in (ROOT / "host", ROOT / "plugin-api/include")]
    digest = hashlib.sha256("\0".join(flags).encode())
    for path in sorted(seen):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_headers(build_dir):
    """What compiled once need not be compiled again: digests of the good ones are kept in the build folder."""
    memory = pathlib.Path(build_dir) / "headers_alone.json"
    known = json.loads(memory.read_text()) if memory.is_file() else {}
    jobs, total, good = [], 0, {}
    for header in sorted((ROOT / "host").rglob("*.h")):
        folder = header.relative_to(ROOT / "host").parts[0]
        flags = compile_flags(build_dir, folder) or compile_flags(build_dir, "base")
        if not flags:
            continue
        total += 1
        relative, digest = header.relative_to(ROOT / "host").as_posix(), closure_digest(header, flags)
        good[relative] = digest
        if known.get(relative) != digest:
            jobs.append((header, flags))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        for relative, code, errors in pool.map(check_header, jobs):
            if code != 0:
                failed += 1
                del good[relative]
                print(f"host/{relative} does not compile alone: it must include what it uses\n{errors}")
    memory.write_text(json.dumps(good))
    print(f"{total} headers, {len(jobs)} compiled alone, {failed} failed")
    return 1 if failed or not total else 0


def self_test():
    bad = [("host/base/a.cpp", "model/states.h"), ("host/engine/a.h", "store/pool.h"), ("host/http/a.cpp", "plugin/x.h"),
           ("host/engine/a.cpp", "pqxx/pqxx"), ("host/store/a.h", "pqxx/connection"), ("host/app/a.cpp", "boost/beast.hpp"),
           ("host/http/a.cpp", "dlfcn.h"), ("host/config/s.cpp", "yaml-cpp/yaml.h"), ("host/model/a.cpp", "boost/asio.hpp"),
           ("host/plugin/a.cpp", "tasker/sdk.hpp"), ("sdk/include/tasker/a.hpp", "base/result.h"),
           ("plugins/x/a.cpp", "host/base/result.h"), ("host/store/a.cpp", "config/settings.h"), ("host/base/a.cpp", "regex")]
    good = [("host/model/a.cpp", "base/result.h"), ("host/app/a.cpp", "store/pool.h"), ("host/store/a.cpp", "pqxx/pqxx"),
            ("host/plugin/a.cpp", "tasker/plugin.h"), ("plugins/x/a.cpp", "tasker/sdk.hpp"),
            ("host/base/yaml_tree.cpp", "yaml-cpp/parser.h"), ("host/engine/a.cpp", "boost/asio/post.hpp")]
    missed = [case for case in bad if not list(violations_of(case[0], [case[1]]))]
    wrong = [case for case in good if list(violations_of(case[0], [case[1]]))]
    for case in missed:
        print("not refused:", case)
    for case in wrong:
        print("refused wrongly:", case)
    return 1 if missed or wrong else 0


if __name__ == "__main__":
    mode = sys.argv[1] if len(sys.argv) > 1 else "rules"
    if mode == "headers":
        sys.exit(check_headers(sys.argv[2]))
    sys.exit(self_test() or check_rules() if mode == "rules" else self_test())
