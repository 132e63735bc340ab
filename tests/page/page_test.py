"""The embedded page's script, joined as the build joins it: it is good JavaScript, and its functions do what they should.
Skipped where there is no node; what a host serves is looked at in tests/system/page_test.cpp."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "host/http/page"
NODE = shutil.which("node")


def joined():
    order = re.search(r"set\(scripts ([^)]*)\)", (PAGE / "embed.cmake").read_text(encoding="utf-8")).group(1).split()
    return order, "".join((PAGE / f"{name}.js").read_text(encoding="utf-8") for name in order)


class Page(unittest.TestCase):
    def test_every_script_is_joined_once(self):
        order, _ = joined()
        self.assertEqual(sorted(order), sorted(path.stem for path in PAGE.glob("*.js")))

    @unittest.skipUnless(NODE, "node is not installed")
    def test_the_script_is_good_and_its_functions_work(self):
        with tempfile.NamedTemporaryFile("w", suffix=".js", encoding="utf-8") as script:
            script.write(joined()[1])
            script.flush()
            for command in ([NODE, "--check", script.name], [NODE, "--test", str(HERE / "functions.mjs")]):
                done = subprocess.run(command, env=dict(os.environ, TASKER_PAGE_SCRIPT=script.name), capture_output=True,
                                      text=True, timeout=100, check=False)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
