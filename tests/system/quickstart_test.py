"""What host/quickstart.sh shows once everything is built: two workflows on real input, a version that goes live in
mid-run, and the table, every outcome the expected one."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ.get("TASKER_TEST_BUILD") or os.environ["TASKER_BINARY_DIR"])


class Quickstart(unittest.TestCase):
    def test_ends_with_every_outcome_as_expected(self):
        with tempfile.TemporaryDirectory(prefix="tasker-quickstart-") as folder:
            os.chmod(folder, 0o755)  # a private PostgreSQL under another account must get in
            answer = subprocess.run(
                [sys.executable, SOURCE / "host/quickstart/demonstration.py", "--build", BINARY, "--data", f"{folder}/data",
                 "--listen", "127.0.0.1:0", "--once"], capture_output=True, text=True, timeout=400, check=False)
            said = answer.stdout + answer.stderr
            self.assertEqual(answer.returncode, 0, said)
            self.assertIn("order_process 1.1.0 is live", said)
            self.assertRegex(said, r"all +194 +7 +201")
            self.assertIn("lost: 0", said)
            self.assertRegex(said, re.compile(r"order \d+ was declined in process_payment .*card\.declined"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
