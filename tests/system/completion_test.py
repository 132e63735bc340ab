"""The completion scripts in the shells they are for: each is loaded as a person would load it, the tab key is pressed under
a pseudo-terminal (fish answers without one), and what stands on the line then is looked at. A small server answers for
the host; without one a word that only a host knows stays as it is."""
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import time
import unittest

from support.small_server import PROGRAM, SECONDS, AgainstAServer


class Shell:
    """An interactive shell; what it prints is gathered until it has said what is waited for."""

    def __init__(self, command, environment, folder):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        self.output = ""

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, wanted):
        until = time.monotonic() + SECONDS
        while wanted not in self.output and time.monotonic() < until:
            if not select.select([self.terminal], [], [], 0.2)[0]:
                continue
            try:
                self.output += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
        return wanted in self.output

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


class Completion(AgainstAServer):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tasker-completion-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def environment(self, server=None):
        server = server or self.url
        mine = {name: value for name, value in os.environ.items() if not name.startswith("TASKER_")}
        # Under a sanitizer a process takes its time, and has its leaks looked for.
        return dict(mine, PATH=f"{PROGRAM}:{mine['PATH']}", HOME=self.folder, TERM="dumb", TASKER_SERVER=server, LC_ALL="C.UTF-8")

    def pressed_tab(self, command, setup, typed, environment=None):
        """What the shell makes of `typed` and a tab: the arguments of the command as they then are."""
        shell = Shell(command, environment or self.environment(), self.folder)
        try:
            # The word is in two halves, so that its echo is not taken for its being said.
            shell.type(setup + "; echo rea''dy-now\n")
            self.assertTrue(shell.wait_for("ready-now"), shell.output)
            # Run as a function that prints its arguments, the completed line says what stands on it.
            shell.type(f"{typed}\t\n")
            found = shell.wait_for("<end>")
            self.assertTrue(found, shell.output)
            return shell.output[shell.output.rindex("<begin>") + 7:shell.output.rindex("<end>")].split("|")
        finally:
            shell.end()

    # Completion belongs to the name; the function keeps the program from being run with what was completed.
    SHOW = """tasker() { if [ "$1" = __complete ] || [ "$1" = completion ]; then command tasker "$@"; else local IFS='|'; """ \
           """printf '<beg%s>%s<en%s>\\n' in "$*" d; fi; }"""

    def eventually(self, look, wanted):
        """The program gives a host a moment only, which may be too short on a machine that is busy."""
        for _ in range(5):
            found = look()
            if found == wanted:
                return
        self.assertEqual(found, wanted)

    def check(self, command, setup):
        for typed, wanted in (("tasker task li", ["task", "list"]), ("tasker task list --statu", ["task", "list", "--status"]),
                              ("tasker task list --status canc", ["task", "list", "--status", "cancelled"]),
                              ("tasker task get 64", ["task", "get", "6401"]), ("tasker task submit sho", ["task", "submit", "shop/cart"]),
                              ("tasker task submit shop/cart@1", ["task", "submit", "shop/cart@1.2.0"]),
                              ("tasker task submit shop/cart@", ["task", "submit", "shop/cart@1.2.0"]),
                              ("tasker task list --namespace=sh", ["task", "list", "--namespace=shop"])):
            with self.subTest(shell=command[0], typed=typed):
                self.eventually(lambda: self.pressed_tab(command, setup, typed), wanted)
        with self.subTest(shell=command[0], typed="an id without a host"):
            lonely = self.environment("http://127.0.0.1:1")
            self.assertEqual(self.pressed_tab(command, setup, "tasker task get 64", lonely), ["task", "get", "64"])

    def test_bash(self):
        self.check(["bash", "--norc", "--noprofile", "-i"], f"{self.SHOW}; source <(tasker completion bash)")

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        self.check(["zsh", "-f", "-i"], f"unsetopt zle_bracketed_paste; autoload -U compinit; compinit -D -u; {self.SHOW}; source <(tasker completion zsh)")

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_takes_it_from_its_own_folder(self):
        pathlib.Path(self.folder, "_tasker").write_bytes(
            subprocess.run([PROGRAM / "tasker", "completion", "zsh"], capture_output=True, check=True).stdout)
        setup = f"fpath=({self.folder} $fpath); autoload -U compinit; compinit -D -u; {self.SHOW}"
        self.assertEqual(self.pressed_tab(["zsh", "-f", "-i"], setup, "tasker task li"), ["task", "list"])

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        def answer(line, environment=None):
            script = f"tasker completion fish | source; complete -C {json.dumps(line)}"
            done = subprocess.run(["fish", "--no-config", "-c", script], env=environment or self.environment(), cwd=self.folder,
                                  capture_output=True, text=True, timeout=SECONDS, check=False)
            self.assertEqual(done.stderr, "")
            return done.stdout.split("\n")[:-1]

        self.assertEqual(answer("tasker task li"), ["list"])
        self.assertEqual(answer("tasker task list --status canc"), ["cancelled"])
        self.eventually(lambda: answer("tasker task get 64"), ["6401"])
        self.assertEqual(answer("tasker task get 64", self.environment("http://127.0.0.1:1")), [])
        self.eventually(lambda: answer("tasker task submit shop/cart@"), ["shop/cart@1.2.0"])
        self.assertIn("watch", answer("tasker task "))

    def test_a_host_that_does_not_answer_holds_nobody_up(self):
        silent = socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)  # takes connections, answers none
        self.addCleanup(silent.server_close)
        began = time.monotonic()
        done = subprocess.run([PROGRAM / "tasker", "__complete", "task", "get", ""], capture_output=True, timeout=SECONDS, check=False,
                              env=self.environment(f"http://127.0.0.1:{silent.server_address[1]}"))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        self.assertLess(time.monotonic() - began, 30)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    unittest.main(verbosity=2)
