"""What changed in the plugin contract since each kept header, as abidiff tells it: <build>/tests/abidiff-<minor>.txt, for
whoever reviews a change. The gates are the layout and the kept plugins; abidiff answers the same for a member that was appended and one
that moved the others."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["TASKER_BINARY_DIR"])
# Uses every struct of the contract, so that its description is in the debug information.
USER = """#include <tasker/plugin.h>
void use(const tasker_plugin *plugin, const tasker_host *host, const tasker_call *call, const tasker_task *task, tasker_outcome *out);
void use(const tasker_plugin *plugin, const tasker_host *host, const tasker_call *call, const tasker_task *task, tasker_outcome *out) {
    (void)plugin; (void)host; (void)call; (void)task; (void)out;
}
"""
CHANGES = 4  # the bit of abidiff's exit status for "there are changes"; others are errors


def build(folder, name, include):
    source, library = folder / "user.c", folder / f"{name}.so"
    source.write_text(USER)
    subprocess.run(["gcc", "-std=c99", "-g", "-shared", "-fPIC", f"-I{include}", str(source), "-o", str(library)], check=True)
    return library


@unittest.skipUnless(shutil.which("abidiff"), "abidiff is not installed (abigail-tools)")
class Report(unittest.TestCase):
    def test_is_written_for_each_kept_header(self):
        kept = sorted(path.parent.parent for path in (SOURCE / "tests/fixtures/abi").glob("*/tasker/plugin.h"))
        self.assertGreaterEqual(len(kept), 1)
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            now = build(folder, "now", SOURCE / "plugin-api/include")
            for header in kept:
                before = build(folder, "before", header)
                answer = subprocess.run(["abidiff", str(before), str(now)], capture_output=True, text=True, check=False)
                self.assertEqual(answer.returncode & ~CHANGES, 0, answer.stderr)
                report = BINARY / "tests" / f"abidiff-{header.name}.txt"
                report.write_text(answer.stdout or f"nothing changed since {header.name}\n")
                print(report.read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
