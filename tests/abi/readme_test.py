"""Every code block of sdk/README.md is true: the first plugin is the shipped example and at most 30 lines, the C++ blocks
compile, and the shell blocks run in the order of the page, in an empty folder."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from project import SOURCE, run

README = (SOURCE / "sdk/README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^(?:`([\w./]+)`\n\n)?```(\w*)\n(.*?)^```$", README, re.M | re.S)
EXAMPLE = SOURCE / "sdk/examples/cart"


class Readme(unittest.TestCase):
    def test_the_first_plugin_is_the_shipped_example(self):
        named = {name: text for name, _, text in BLOCKS if name}
        self.assertEqual(set(named), {"cart.cpp", "cart.yaml", "CMakeLists.txt"})
        for name, text in named.items():
            self.assertEqual(text, (EXAMPLE / name).read_text(encoding="utf-8"), name)
        self.assertLessEqual(sum(text.count("\n") for text in named.values()), 30)

    def test_cxx_blocks_compile(self):
        blocks = [text for _, language, text in BLOCKS if language == "cpp"]
        self.assertGreaterEqual(len(blocks), 3)
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(blocks):
                path = pathlib.Path(folder) / f"block{number}.cpp"
                path.write_text(text, encoding="utf-8")
                answer = run("c++", "-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                             f"-I{SOURCE}/sdk/include", f"-I{SOURCE}/plugin-api/include", path)
                self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_shell_blocks_run_in_order(self):
        script = "set -e\n" + "".join(text for _, language, text in BLOCKS if language == "sh")
        with tempfile.TemporaryDirectory() as folder:
            cart = pathlib.Path(folder) / "cart"
            cart.mkdir()
            for name, _, text in BLOCKS:
                if name:
                    (cart / name).write_text(text, encoding="utf-8")
            answer = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=False,
                                    env=dict(os.environ, TASKER=str(SOURCE), CMAKE_GENERATOR="Ninja"))
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
            self.assertIn("cart-1.0.0.so", answer.stdout)
            self.assertTrue((pathlib.Path(folder) / "refund/refund.yaml").exists())

    def test_no_block_is_of_a_kind_that_nobody_runs(self):
        self.assertEqual({language for _, language, _ in BLOCKS}, {"cpp", "yaml", "cmake", "sh"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
