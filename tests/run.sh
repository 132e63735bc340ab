#!/usr/bin/env bash
# Installs, builds and runs every test, in one preset, from a clean clone in one go. The last line of a run is
# "N passed, N failed" (and ", N skipped" when some were): test cases, not programs. Exit code 0 when none failed.
set -euo pipefail

TASKER_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$TASKER_ROOT/host/quickstart/packages.sh"

usage() {
  cat <<'END'
usage: tests/run.sh [--quick | --sanitizers | --fuzz [SECONDS] | --lint [BASE]]
  (nothing)         everything, in the preset `release`
  --quick           the unit tests alone, and only what they need is built
  --sanitizers      all test programs under address and undefined, then the concurrent parts under thread
  --fuzz [SECONDS]  libFuzzer on what reads foreign bytes, 60 seconds each
  --lint [BASE]     clang-tidy on the files that differ from BASE (a commit; HEAD by default; `all` for every file)
END
}

# Threads meet in these; the rest would cost time and find nothing.
CONCURRENT='^(unit_engine|unit_http|unit_plugin|unit_runner|plugin_loader|tasker-store-tests)$'
# The system tests run these.
WHOLE=(tasker plugin_fixtures order_process-1.0.0 order_process-1.1.0 package_inventory-1.0.0 stock_plugins shipped_examples)
# They run compilers, scripts or binaries of the release again, which no sanitizer of ours is in.
WITHOUT_SANITIZER='^(include_rules|headers_alone|bench_smoke|readme_.*|abi_(headers|exports|package|rust_sdk|scaffold.*|readme|report))$'

# Names of the chosen tests that are also programs to be built.
programs() { # build folder, ctest's selection...
  local build=$1
  shift
  comm -12 <(ctest --test-dir "$build" -N "$@" 2>/dev/null | sed -n 's/^ *Test *#[0-9]*: //p' | sort) \
    <(ninja -C "$build" -t targets all | sed -n 's/: phony$//p' | sort)
}

configure() { # preset
  local log
  log=$(cd "$TASKER_ROOT" && cmake --preset "$1" 2>&1) || fail "$log" "" "CMake could not configure the preset $1; its output is above."
}

build_all() { # preset, targets...
  local preset=$1
  shift
  [ -t 1 ] || export NINJA_STATUS='[%f/%t, %e s] '
  (cd "$TASKER_ROOT" && cmake --build --preset "$preset" ${1:+--target "$@"}) || fail "" "The build failed; the compiler's message is above."
}

# Leaves its counts in $results, which tally.py adds up. A failed test is not the end of the run.
run_tests() { # preset, ctest's selection...
  local build=$TASKER_ROOT/build/$1 results=$RESULTS/$1
  shift
  mkdir -p "$results"
  GTEST_OUTPUT="xml:$results/" GTEST_BRIEF=1 "${RUNNER[@]}" ctest --test-dir "$build" --output-on-failure \
    --output-junit "$results.ctest.xml" --no-tests=error "$@" </dev/null || true
}

everything() {
  install_missing run test
  configure release
  build_all release
  run_tests release
}

quick() {
  install_missing run
  configure release
  mapfile -t targets < <(programs "$TASKER_ROOT/build/release" -L unit)
  build_all release "${targets[@]}"
  run_tests release -L unit -E '^headers_alone$'
}

sanitizers() {
  install_missing run test
  # The host's threads have signal stacks of their own, which AddressSanitizer would take for its and unmap.
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:use_sigaltstack=0
  export LSAN_OPTIONS=suppressions=$TASKER_ROOT/tests/leaks.txt:print_suppressions=0
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  export TSAN_OPTIONS=second_deadlock_stack=1
  configure asan
  mapfile -t targets < <(programs "$TASKER_ROOT/build/asan" -E "$WITHOUT_SANITIZER")
  build_all asan "${targets[@]}" "${WHOLE[@]}"
  run_tests asan -E "$WITHOUT_SANITIZER"
  configure tsan
  mapfile -t targets < <(programs "$TASKER_ROOT/build/tsan" -R "$CONCURRENT")
  build_all tsan "${targets[@]}"
  # gcc 12's ThreadSanitizer cannot place its shadow memory where newer kernels randomise more bits.
  setarch -R true 2>/dev/null && RUNNER=(setarch -R)
  run_tests tsan -R "$CONCURRENT"
}

fuzz() {
  install_missing run test
  export ASAN_OPTIONS=strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  (cd "$TASKER_ROOT" && cmake --preset fuzz -DTASKER_FUZZ_SECONDS="${fuzz_seconds:-60}") >/dev/null
  mapfile -t targets < <(programs "$TASKER_ROOT/build/fuzz" -L fuzz)
  build_all fuzz "${targets[@]}"
  run_tests fuzz -L fuzz -j2
}

mode=everything
case ${1:-} in
  "") ;;
  --quick) mode=quick ;;
  --sanitizers) mode=sanitizers ;;
  --fuzz)
    mode=fuzz fuzz_seconds=${2:-60}
    [[ $fuzz_seconds =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
    set -- --fuzz ;;
  --lint)
    install_missing run lint
    configure release
    exec python3 "$TASKER_ROOT/tests/lint.py" "${2:-HEAD}" ;;
  -h | --help) usage; exit 0 ;;
  *) printf 'tests/run.sh: there is no option %s\n' "$1" >&2; usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { printf 'tests/run.sh: one option at most, not also %s\n' "$2" >&2; usage >&2; exit 2; }

RESULTS=$TASKER_ROOT/build/results/$mode
RUNNER=(env)
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
"$mode"
exec python3 "$TASKER_ROOT/tests/tally.py" "$RESULTS"
