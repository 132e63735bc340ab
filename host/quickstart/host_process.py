"""`tasker dev` as a child process: started, watched, and stopped so that its database goes down in order."""
import ctypes
import fcntl
import os
import shlex
import signal
import subprocess
import time

START_PATIENCE_S = 90
STOP_PATIENCE_S = 60
PR_SET_PDEATHSIG = 1


class HostDied(Exception):
    """The host ended without being asked; `signal` is the number that killed it, 0 when it ended by itself."""

    def __init__(self, text, signal_number=0):
        super().__init__(text)
        self.signal = signal_number


class HostInUse(Exception):
    """Another host works on the data folder."""


def tail(file, lines):
    try:
        return file.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return []


class HostProcess:
    def __init__(self, places, listen=None):
        self._places = places
        self._listen = ["--listen", listen] if listen else []
        self._process = None

    def command(self):
        """What starts this host again on the same data."""
        return [str(self._places.tasker), "dev", "--data", str(self._places.data), "--config", str(self._places.config),
                *self._listen]

    @property
    def pid(self):
        return self._process.pid

    def refuse_second_host(self):
        """Before anything is wiped: somebody may have restarted the host by hand."""
        self._places.data.mkdir(parents=True, exist_ok=True)
        with open(self._places.host_lock, "a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise HostInUse(f"A tasker host (process {lock.readline().strip() or 'unknown'}) is running on "
                                f"{self._places.data}. Stop it first, or give this demonstration a folder of its own "
                                "with --data DIR.") from None

    def start(self):
        libc = ctypes.CDLL(None)

        def end_with_parent():
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        # A session of its own: Ctrl-C is for this script, which then asks the host to stop.
        with open(self._places.console, "ab") as console:
            self._process = subprocess.Popen(
                self.command() + ["--clean"], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, preexec_fn=end_with_parent)

    def address(self):
        """Waits until the host says where it listens."""
        deadline = time.monotonic() + START_PATIENCE_S
        while time.monotonic() < deadline:
            self.check()
            if self._places.address.exists():
                return self._places.address.read_text().strip()
            time.sleep(0.02)
        raise HostDied(f"the host did not say within {START_PATIENCE_S} s where it listens\n{self.last_words()}")

    def check(self):
        code = self._process.poll()
        if code is None:
            return
        if code < 0:
            raise HostDied(f"the host was killed by signal {-code} ({signal.Signals(-code).name})\n{self.last_words()}",
                           -code)
        raise HostDied(f"the host ended by itself with exit code {code}\n{self.last_words()}")

    def last_words(self):
        shown = []
        for file in (self._places.console, self._places.host_log, self._places.data / "postgres.log"):
            lines = tail(file, 12)
            if lines:
                shown += [f"--- the end of {file}", *lines]
        return "\n".join(shown)

    def wait(self, seconds):
        """True when it has ended."""
        try:
            self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def stop(self):
        """Answers the exit code. Ctrl-C while it waits asks again, which ends the host at once."""
        if self._process is None:
            return 0
        for number, patience in ((signal.SIGTERM, STOP_PATIENCE_S), (signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            self._signal(number)
            try:
                if self.wait(patience):
                    break
            except KeyboardInterrupt:
                pass
        return self._process.returncode

    def _signal(self, number):
        if self._process.poll() is None:
            os.kill(self._process.pid, number)

    def restart_command(self):
        return shlex.join(self.command())
