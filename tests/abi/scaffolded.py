"""A folder in which the scaffold was run, its printed commands, and what is true of every plugin that comes of them."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from project import BINARY, SOURCE, exported, run

SCAFFOLD = SOURCE / "sdk/scaffold"
PROGRAM = BINARY / "bin/tasker"
def commands_of(output):
    return [line.strip() for line in output.splitlines() if line.startswith("  ")]


def blocks_of(page, language="sh"):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


class Scaffolded(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tasker-scaffold-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.folder.chmod(0o755)  # a private PostgreSQL under another account must get in

    def start(self, *words, scaffold=SCAFFOLD, **environment):
        """With a data folder of the test's own: projects are delivered to its `plugins`."""
        variables = {**os.environ, "TASKER_DATA": self.folder, **environment}
        return subprocess.run([str(word) for word in (scaffold, *words)], cwd=self.folder, capture_output=True, text=True, check=False,
                              env={name: str(value) for name, value in variables.items()})

    def made(self, *words, scaffold=SCAFFOLD):
        """The three commands that a good request prints."""
        answer = self.start(*words, scaffold=scaffold)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        commands = commands_of(answer.stdout)
        self.assertEqual(len(commands), 3, answer.stdout)
        return commands

    def typed(self, command, folder=None, **environment):
        """As a person would type it: it must be good. What it says."""
        answer = subprocess.run(["sh", "-ec", command], cwd=folder or self.folder, capture_output=True, text=True, check=False,
                                stdin=subprocess.DEVNULL,
                                env=dict(os.environ, CMAKE_GENERATOR="Ninja", **{k: str(v) for k, v in environment.items()}))
        said = answer.stdout + answer.stderr
        self.assertEqual(answer.returncode, 0, command + "\n" + said)
        return said

    def follow(self, *commands, folder=None, **environment):
        """One after the other, without a warning."""
        for command in commands:
            said = self.typed(command, folder, **environment)
            self.assertNotIn("warning:", said.lower(), command)
        return said

    def assert_fit(self, plugin):
        """What a host asks of a file, before it runs any of it and after."""
        self.assertEqual(exported(plugin), ["tasker_manifest_v1", "tasker_plugin_v1"])
        self.assertNotRegex(run("readelf", "-W", "--dyn-syms", plugin).stdout, r"UNIQUE .* \d+ \S+$")
        dynamic = run("readelf", "-W", "-d", plugin).stdout
        self.assertNotRegex(dynamic, r"RPATH|RUNPATH")
        self.assertNotRegex(dynamic, r"SONAME.*\[(?!libplugin\.so\])")  # Debian's rustc leaves none without
        self.assertRegex(dynamic, r"BIND_NOW|Flags: NOW")
        headers = run("readelf", "-W", "-l", plugin).stdout
        self.assertIn("GNU_RELRO", headers)
        self.assertNotRegex(headers, r"GNU_STACK.*RWE")
        self.assertIn("Build ID", run("readelf", "-n", plugin).stdout)
        if PROGRAM.exists():
            answer = run(PROGRAM, "plugin", "check", plugin, "--config", '{"outbox": "outbox", "database": "host=127.0.0.1 port=9"}')
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def outcomes(self, plugin, *steps, config="{}", context='{"items": [{"price_cents": 1250, "quantity": 2}]}'):
        answer = run(BINARY / "tests/run_plugin", plugin, config, context, *steps)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return [json.loads(line) for line in answer.stdout.splitlines()]
