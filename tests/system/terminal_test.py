"""What a verb prints to a terminal, to a pipe, to a reader that has gone and to a full disk."""
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
import unittest

from support.small_server import ANSWERS, LONG_ERROR, PROGRAM, SECONDS, AgainstAServer

TASKER = PROGRAM / "tasker"


class Terminal(AgainstAServer):
    def environment(self, more=()):
        mine = {name: value for name, value in os.environ.items() if not name.startswith("TASKER_") and name != "NO_COLOR"}
        mine.update(TERM="xterm", TASKER_SERVER=self.url)
        mine.update(more)
        return mine

    def on_a_terminal(self, *arguments, more=(), size=(24, 80)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        done = subprocess.Popen([TASKER, *arguments], env=self.environment(more), stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        output = b""
        try:
            while data := os.read(ours, 65536):
                output += data
        except OSError:  # it has closed its end
            pass
        os.close(ours)
        self.assertEqual(done.wait(SECONDS), 0, output)
        return output.decode()

    def piped(self, *arguments, stdout=subprocess.PIPE):
        return subprocess.run([TASKER, *arguments], env=self.environment(), stdout=stdout, stderr=subprocess.PIPE, text=True,
                              timeout=SECONDS, check=False)

    def test_a_terminal_gets_headings_and_colours(self):
        shown = self.on_a_terminal("plugin", "list")
        self.assertIn("NAMESPACE  NAME", shown)
        self.assertIn("\x1b[32mactive\x1b[0m", shown)

    def test_colours_can_be_declined(self):
        for more, flags in (({"NO_COLOR": "1"}, ()), ({"TERM": "dumb"}, ()), ({}, ("--color", "never"))):
            with self.subTest(more=more, flags=flags):
                shown = self.on_a_terminal("plugin", "list", *flags, more=more)
                self.assertIn("active", shown)
                self.assertNotIn("\x1b[3", shown)

    def test_a_watched_task_of_many_steps_leaves_its_screen_alone_and_ends_whole(self):
        task = ANSWERS["/tasker/tasks/9"]["task"]
        shown = self.on_a_terminal("task", "watch", "9", size=(12, 60))
        frames = shown.replace("\r", "").split("\x1b[J")
        self.assertGreater(len(frames), 1, shown)
        for frame in frames[:-1]:
            lines = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", frame).splitlines()
            self.assertLess(len(lines), 12, frame)
            self.assertIn("more step", lines[-1])
            self.assertTrue(all(len(line) <= 60 for line in lines), frame)
        for step in task["workflow_steps"]:
            self.assertIn(step["name"], frames[-1])
        self.assertIn(LONG_ERROR, re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", frames[-1])))

    def test_a_refused_plugin_has_its_reason_below_its_row(self):
        shown = self.on_a_terminal("plugin", "list", "--color", "never", more={"TASKER_SERVER": self.url + "/refused"}).splitlines()
        self.assertRegex(shown[1], r"^shop +cart +1\.3\.0 +refused")
        self.assertEqual(shown[2].strip(), "plugin.not_elf: it is no plugin")

    def test_a_pipe_gets_tabs_alone(self):
        done = self.piped("plugin", "list")
        self.assertEqual((done.stdout.split("\n")[0].split("\t")[:4], done.stderr), (["shop", "cart", "1.2.0", "active"], ""))
        self.assertIn("\x1b[32m", self.piped("plugin", "list", "--color", "always").stdout)

    def test_talk_is_on_stderr(self):
        done = self.piped("plugin", "list", "--verbose")
        self.assertRegex(done.stderr, r"^GET http://127\.0\.0\.1:\d+/tasker/plugins: 200, \d+ bytes, \d+ ms\n$")
        self.assertEqual(done.stdout, self.piped("plugin", "list").stdout)

    def test_a_reader_that_has_gone_is_no_news(self):
        # More than a pipe holds; the reader takes one line.
        script = f"for i in $(seq 20); do '{TASKER}' help man || exit $?; done | head -n 1"
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=SECONDS * 4, check=False,
                              env=self.environment())
        self.assertEqual((done.returncode, done.stdout.count("\n"), done.stderr), (0, 1, ""))

    def test_what_could_not_be_written_is_no_success(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in (("plugin", "list"), ("plugin", "list", "-o", "json"), ("help", "codes"), ("version",)):
                with self.subTest(arguments=arguments):
                    done = self.piped(*arguments, stdout=full)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("stdout could not be written to: ", done.stderr)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_manual_is_good_roff(self):
        page = self.piped("help", "man").stdout
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
