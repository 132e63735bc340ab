"""A person's terminals: commands run under a pseudo-terminal in a checkout, one in the foreground, others left running."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Command:
    """One shell script under a pseudo-terminal of its own; what it prints is gathered by a thread."""

    def __init__(self, script, folder, environment):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.process = subprocess.Popen(["sh", "-ec", script], cwd=folder, env=environment, stdin=theirs, stdout=theirs,
                                        stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.terminal = ours
        self.gathered = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                ready, _, _ = select.select([self.terminal], [], [], 1)
                data = os.read(self.terminal, 65536) if ready else None
            except OSError:  # the last process has closed its end
                return
            if data == b"":
                return
            if data:
                self.gathered += data

    def output(self):
        return ANSI.sub("", self.gathered.decode(errors="replace")).replace("\r", "")

    def wait(self, seconds):
        code = self.process.wait(seconds)
        self.reader.join(seconds)
        return code

    def wait_for(self, pattern, seconds):
        """False when the time is over, or the script ended without saying it."""
        until = time.monotonic() + seconds
        while not pattern.search(self.output()):
            if time.monotonic() > until or (self.process.poll() is not None and not self.reader.is_alive()):
                return bool(pattern.search(self.output()))
            time.sleep(0.02)
        return True

    def end(self):
        """Asks everything that runs in this terminal to stop, waits for it, then makes it."""
        for number, seconds in ((signal.SIGTERM, 60), (signal.SIGKILL, 10)):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self.process.poll()
                try:
                    os.killpg(self.process.pid, number)
                except ProcessLookupError:
                    return
                number = 0  # only asks whether anything is left: a second SIGTERM would not let it finish
                time.sleep(0.02)
