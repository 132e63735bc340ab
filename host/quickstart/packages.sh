# Finds and installs Debian packages of host/packages.txt. Sourced by host/quickstart.sh and tests/run.sh, which set
# TASKER_ROOT and pipefail. Only what is missing is installed, and it is said beforehand.

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

packages_of() { # group...
  local group="" line wanted=" $* "
  while IFS= read -r line; do
    line=${line%%#*}
    line=${line//[[:space:]]/}
    case $line in
      "") ;;
      "["*) group=${line//[\[\]]/} ;;
      *) [[ $wanted == *" $group "* ]] && printf '%s\n' "$line" ;;
    esac
  done <"$TASKER_ROOT/host/packages.txt"
}

# dpkg-query fails for names it does not know, yet answers for the others.
missing_packages() { # group...
  local package present
  present=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ') "
  for package in $(packages_of "$@"); do
    [[ $present == *" $package "* ]] || printf '%s\n' "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian would make a database cluster and start it; we only want the programs.
forbid_main_cluster() {
  [ ! -e /usr/lib/postgresql ] || return 0
  as_root sh -ec 'mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/tasker.conf'
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 -q "$@"
}

# Passes nothing on; on a terminal one line says how far apt is.
show_apt_progress() {
  local line total="?" unpacked=0 ready=0
  while IFS= read -r line; do
    [[ $line =~ ([0-9]+)\ newly\ installed ]] && total=${BASH_REMATCH[1]}
    [[ $line == Unpacking* ]] && unpacked=$((unpacked + 1))
    [[ $line == "Setting up"* ]] && ready=$((ready + 1))
    [ ! -t 1 ] || printf '\r  %s packages, %s unpacked, %s ready ' "$total" "$unpacked" "$ready"
  done
  [ ! -t 1 ] || printf '\n'
}

install_missing() { # group...
  local missing command log
  command -v dpkg-query >/dev/null || fail "This script installs packages by apt and so needs Debian 12."
  missing=$(missing_packages "$@" | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  command="apt-get install --no-install-recommends $missing"
  printf 'Installing by apt: %s\n' "$missing"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "That needs root, and there is no sudo here. As root, run this and start again:" "  $command"
  fi
  log=$(mktemp)
  forbid_main_cluster || fail "Becoming root by sudo failed. As root, run this and start again:" "  $command"
  apt_get update >"$log" 2>&1 || true # whether the packages can be had is what counts
  if ! apt_get install -y --no-install-recommends $missing 2>&1 | tee -a "$log" | show_apt_progress; then
    tail -n 15 "$log" >&2
    explain_failed_install "$log" "$command"
  fi
  rm -f "$log"
}

explain_failed_install() { # log, command
  if grep -qE 'libboost.*(Conflicts|conflict)|Conflicts:.*libboost' "$1" || dpkg-query -W -f '${Status}' libboost-dev 2>/dev/null | grep -q ' installed'; then
    fail "" "libboost1.81-dev and the Boost headers of another version exclude each other." \
      "Remove those first (apt-get remove libboost-dev), then start again."
  elif grep -qE 'Temporary failure resolving|Could not connect|Could not resolve|Network is unreachable|Unable to connect|Failed to fetch' "$1"; then
    fail "" "apt could not reach its servers. Is this machine online? With a network, start again, or run:" "  $2"
  elif grep -q 'Unable to locate package' "$1"; then
    fail "" "apt does not know these packages. Debian 12 (bookworm) with its main section has all of them; if this is" \
      "Debian 12, apt could not fetch its lists: is this machine online?"
  fi
  fail "" "apt could not install what is needed. The last lines of its output are above; the command was:" "  $2"
}
