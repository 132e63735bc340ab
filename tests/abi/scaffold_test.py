"""The scaffold: its three printed commands work as printed, the plugin runs, and wrong requests change nothing."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from project import BINARY, CMAKE, SOURCE, exported, run

SCAFFOLD = SOURCE / "sdk/scaffold"
os.environ.pop("TASKER_DATA", None)  # of whoever runs the tests


def commands_of(output):
    return [line.strip() for line in output.splitlines() if line.startswith("  ")]


class Scaffold(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name)

    def tearDown(self):
        self.holder.cleanup()

    def start(self, *words, scaffold=SCAFFOLD):
        return run(scaffold, *words, cwd=self.folder)

    def follow(self, output):
        commands = commands_of(output)
        self.assertEqual(len(commands), 4)
        self.assertIn("tasker plugin inspect ", commands[2])
        if "needs the host program" in output:
            del commands[2]
        for command in commands:
            answer = subprocess.run(["sh", "-ec", command], cwd=self.folder, capture_output=True, text=True, check=False,
                                    env=dict(os.environ, CMAKE_GENERATOR="Ninja"))
            self.assertEqual(answer.returncode, 0, command + "\n" + answer.stdout + answer.stderr)

    def outcomes(self, path, *steps, context='{"order_id": 1}'):
        answer = run(BINARY / "tests/run_plugin", path, context, *steps)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def test_from_the_first_command_to_a_running_plugin(self):
        answer = self.start("payments/refund", "--steps", "validate,reverse_charge,notify")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.follow(answer.stdout)
        plugin = self.folder / "plugins/payments/refund-1.0.0.so"
        self.assertEqual(exported(plugin), ["tasker_manifest_v1", "tasker_plugin_v1"])
        self.assertNotRegex(run("readelf", "-W", "--dyn-syms", plugin).stdout, r"UNIQUE .* \d+ \S+$")
        outcomes = self.outcomes(plugin, "validate", "reverse_charge", "notify")
        self.assertEqual([outcome["kind"] for outcome in outcomes], ["ok"] * 3)
        self.assertEqual(outcomes[0]["payload"], {"message": "done", "context_fields": 1})
        self.assertEqual(outcomes[2]["payload"]["parent_said"], "done")
        self.assertEqual(self.outcomes(plugin, "validate", context="[]")[0]["code"], "refund.bad_context")

    def test_delivers_to_the_data_folder_that_the_shell_means(self):
        os.environ["TASKER_DATA"] = "/somewhere"
        try:
            answer = self.start("payments/refund", "--steps", "validate")
        finally:
            del os.environ["TASKER_DATA"]
        self.assertIn(" /somewhere/plugins/payments/refund-1.0.0.so", answer.stdout)

    def test_step_names_that_cxx_has_other_plans_for(self):
        answer = self.start("default/call", "--steps", "delete,delete_,register,remove,yes,linux", "--version", "0.2.0-rc.1",
                            "--output", "odd names", "--plugins", "drop here")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.follow(answer.stdout)
        plugin = self.folder / "drop here/default/call-0.2.0-rc.1.so"
        kinds = [o["kind"] for o in self.outcomes(plugin, "delete", "delete_", "register", "remove", "yes", "linux")]
        self.assertEqual(kinds, ["ok"] * 6)

    def test_the_installed_scaffold_finds_the_installed_sdk(self):
        prefix = self.folder / "prefix"
        answer = run(CMAKE, "--install", BINARY, "--prefix", prefix, "--component", "sdk")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = self.start("payments/refund", "--steps", "validate", scaffold=prefix / "bin/tasker-scaffold")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn(str(prefix.resolve()), answer.stdout)
        self.follow(answer.stdout)
        # The project's own README, by somebody who has the SDK installed and starts from a clean clone of it.
        project = self.folder / "refund"
        shutil.rmtree(project / "build")
        block = re.search(r"```sh\n(.*?)```", (project / "README.md").read_text(encoding="utf-8"), re.S).group(1)
        answer = subprocess.run(["sh", "-ec", block], cwd=project, capture_output=True, text=True, check=False,
                                env=dict(os.environ, CMAKE_GENERATOR="Ninja", CMAKE_PREFIX_PATH=str(prefix)))
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertTrue((project / "build/plugins/payments/refund-1.0.0.so").exists())

    def test_nothing_is_overwritten(self):
        self.assertEqual(self.start("payments/refund", "--steps", "validate").returncode, 0)
        before = (self.folder / "refund/refund.cpp").read_bytes()
        answer = self.start("payments/refund", "--steps", "other")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("already there", answer.stderr)
        self.assertEqual((self.folder / "refund/refund.cpp").read_bytes(), before)

    def test_wrong_requests_are_refused_in_words(self):
        for words, complaint in (
                (["refund", "--steps", "a"], "needs a namespace"),
                (["Payments/refund", "--steps", "a"], "is not a name"),
                (["payments/re-fund", "--steps", "a"], "is not a name"),
                (["payments/" + "x" * 64, "--steps", "a"], "is not a name"),
                (["payments/refund/x", "--steps", "a"], "is not a name"),
                (["payments/refund", "--steps", "a,,b"], "is not a name"),
                (["payments/refund", "--steps", "a,b,a"], "twice"),
                (["payments/refund", "--steps", "a", "--version", "1.0"], "semantic version")):
            with self.subTest(words):
                answer = self.start(*words)
                self.assertEqual(answer.returncode, 1)
                self.assertIn(complaint, answer.stderr)
                self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
