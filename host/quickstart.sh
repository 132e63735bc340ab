#!/usr/bin/env bash
# From a clone to running workflows: installs what is missing, builds a release of the host and the plugins we ship,
# and shows them at work on a private PostgreSQL. --once ends after the table; else it serves until Ctrl-C.
set -euo pipefail

TASKER_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$TASKER_ROOT/host/quickstart/packages.sh"
. "$TASKER_ROOT/host/quickstart/places.sh"

usage() {
  cat <<'END'
usage: host/quickstart.sh [--once] [--data DIR] [--listen ADDR:PORT]
  --once              end after the table: exit code 0 if every outcome is the expected one, else 1
  --data DIR          where database, plugins, ledger and reports go; wiped at every start
                      (default ~/.local/share/tasker/quickstart; for root /var/lib/tasker/quickstart)
  --listen ADDR:PORT  where the host listens; the next free port is taken when it is busy
END
}

data="" demonstration=() arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --once) demonstration+=("$1") ;;
    --data | --listen)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      if [ "$1" = --data ]; then data=$2; else demonstration+=("$1" "$2"); fi
      shift ;;
    -h | --help) usage; exit 0 ;;
    *) printf 'quickstart: unknown argument %s\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

trap 'printf "\ninterrupted\n" >&2; exit 130' INT TERM
install_missing run
leave_sudo ${arguments[@]+"${arguments[@]}"}
data=$(realpath -m -- "${data:-$(default_data_folder)}")
lock_data_folder "$data"

build=$TASKER_ROOT/build/release
printf 'Building the release in %s\n' "$build"
if ! log=$(cd "$TASKER_ROOT" && cmake --preset release 2>&1); then
  fail "$log" "" "CMake could not configure the build; its output is above."
fi
[ -t 1 ] || export NINJA_STATUS='[%f/%t, %e s] '
# By targets, so that the same folder serves tests/run.sh later.
cmake --build "$build" --target tasker order_process-1.0.0 order_process-1.1.0 package_inventory-1.0.0 stock_plugins ||
  fail "" "The build failed; the compiler's message is above."

trap - INT TERM
exec python3 -B "$TASKER_ROOT/host/quickstart/demonstration.py" --build "$build" --data "$data" \
  ${demonstration[@]+"${demonstration[@]}"}
