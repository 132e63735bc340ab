# Where quickstart keeps its data, and as whom it runs. Sourced by host/quickstart.sh, which sets TASKER_ROOT.

# Not below root's home: PostgreSQL does not run as root, and its own account may not enter there.
default_data_folder() {
  if [ "$(id -u)" -eq 0 ] || [ -z "${HOME:-}" ]; then
    printf '/var/lib/tasker/quickstart\n'
  else
    printf '%s/tasker/quickstart\n' "${XDG_DATA_HOME:-$HOME/.local/share}"
  fi
}

# Under sudo only apt needs root: the rest goes on as the user who typed the command, so that neither the build folder
# nor the data ends up as root's. When that user may not write here, all stays root's.
leave_sudo() { # arguments of the script
  [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ] || return 0
  [ "$SUDO_USER" = root ] && return 0
  local user=$SUDO_USER
  unset SUDO_USER SUDO_UID SUDO_GID SUDO_COMMAND XDG_DATA_HOME XDG_RUNTIME_DIR
  runuser -u "$user" -- test -w "$TASKER_ROOT" || return 0
  HOME=$(getent passwd "$user" | cut -d: -f6) USER=$user LOGNAME=$user \
    exec runuser -u "$user" -- "$TASKER_ROOT/host/quickstart.sh" "$@"
}

# The lock is held by file descriptor 9 until the demonstration ends, however it ends.
lock_data_folder() { # folder
  if [ -n "$(ls -A "$1" 2>/dev/null)" ] && [ ! -e "$1/quickstart.lock" ]; then
    fail "$1 holds something that quickstart did not put there, and it wipes its data folder. Choose another with --data DIR."
  fi
  (umask 022 && mkdir -p "$1") || fail "Cannot make the data folder $1. Choose another with --data DIR."
  { exec 9>>"$1/quickstart.lock"; } 2>/dev/null ||
    fail "Cannot write into the data folder $1. Choose another with --data DIR."
  if ! flock -n 9; then
    fail "Another quickstart (process $(head -n 1 "$1/quickstart.lock")) is running on $1." \
      "Stop it with Ctrl-C in its terminal, or give this one a folder of its own with --data DIR."
  fi
  printf '%s\n' "$$" >"$1/quickstart.lock"
}
