"""The blocks of README.md, in the order of the page, as a person would type them:

    sh terminal-1      started and left running; a new one ends the one before
    text terminal-1    what that terminal says then; waited for
    sh terminal-2      run to its end, which must be good; exported variables last
    sh                 the same in the folder of the reader's own, where $TASKER is the checkout
    text output        what the block before printed
    sh elsewhere       run by another test, which the page names; here the program must exist
    any block with a file name above it is written into the tour's folder, into the reader's own when the name has a folder,
    or compared with the file of the checkout
"""
import re
import unittest

from checkout import SOURCE, Checkout
from markdown import blocks_of, pattern_of
from terminal import Command

README = (SOURCE / "README.md").read_text(encoding="utf-8")
BLOCKS = blocks_of(README)
SECONDS = 240


class Tour(unittest.TestCase):
    def setUp(self):
        self.checkout = Checkout()
        self.exports = ""
        self.server = None
        self.said_before = 0
        self.last_output = ""

    def tearDown(self):
        if self.server:
            self.server.end()
        self.checkout.close()

    def test_the_page_opens_with_a_whole_plugin(self):
        plugin = [block for block in BLOCKS[:3]]
        self.assertEqual([block.name for block in plugin], ["cart.cpp", "cart.yaml", "CMakeLists.txt"])
        self.assertLessEqual(sum(block.text.count("\n") for block in plugin), 30)
        for block in plugin:
            self.assertEqual(block.text, (SOURCE / "sdk/examples/cart" / block.name).read_text(encoding="utf-8"))

    def test_what_it_shows_happens(self):
        for block in BLOCKS[3:]:
            with self.subTest(line=block.line, mark=block.mark):
                self.follow(block)

    def follow(self, block):
        kind = f"{block.language} {block.mark}".strip()
        if block.name:
            path = (self.checkout.own if "/" in block.name else self.checkout.data) / block.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.checkout.localised(block.text), encoding="utf-8")
        elif kind == "sh terminal-1":
            self.start(block)
        elif kind in ("sh terminal-2", "sh"):
            self.run_to_end(block, self.checkout.folder if block.mark else self.checkout.own)
        elif kind == "text terminal-1":
            said = self.server.wait_for(pattern_of(self.checkout.localised(block.text)), SECONDS)
            self.assertTrue(said, f"line {block.line}: terminal 1 says\n{self.server.output()}")
        elif kind == "text output":
            self.assertRegex(self.last_output, pattern_of(self.checkout.localised(block.text)), f"line {block.line}")
        elif kind == "sh elsewhere":
            for command in block.text.splitlines():
                program = SOURCE / command.split()[0]
                self.assertTrue(program.exists() and program.stat().st_mode & 0o111, f"line {block.line}: {command}")
        else:
            self.fail(f"line {block.line}: nobody runs a block marked '{kind}'")

    def start(self, block):
        if self.server:
            self.server.end()
        script = self.checkout.localised(block.text)
        self.server = Command(script, self.checkout.folder, self.checkout.environment())
        running = self.server.wait_for(re.compile("running at http"), SECONDS)
        self.assertTrue(running, f"line {block.line}: {self.server.output()}")
        self.checkout.note_port(self.server.output())

    def run_to_end(self, block, folder):
        script = self.checkout.localised(block.text)
        command = Command(self.exports + script, folder, self.checkout.environment())
        code = command.wait(SECONDS)
        self.last_output = command.output()
        self.assertEqual(code, 0, f"line {block.line}: {self.last_output}")
        self.exports += "".join(line + "\n" for line in script.splitlines() if line.startswith("export "))


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
