"""No page holds a code block that nobody runs, and no link between the pages leads nowhere."""
import os
import re
import subprocess
import unittest

from checkout import SOURCE, Checkout
from markdown import blocks_of

# Pages whose blocks have a test of their own.
RUN_ELSEWHERE = {
    "README.md": "tests/readme/tour_test.py", "sql/FUNCTIONS.md": "tests/store/functions_page_test.cpp",
    "sdk/HANDLERS.md": "tests/readme/handlers_test.cpp", "sdk/ERRORS_AND_RETRIES.md": "tests/readme/errors_test.cpp",
    "sdk/scaffolding/templates/common/README.md": "tests/abi/scaffold_project_test.py",
    **dict.fromkeys(("host/http/README.md", "host/TROUBLESHOOTING.md", "config/README.md", "sdk/README.md", "sdk/TEMPLATE.md",
                     "sdk/YAML_WORKFLOWS.md", "sdk/ISOLATION.md", "sdk/VERSIONS.md", "sdk/TESTING.md",
                     "sdk/STOCK_PLUGINS.md", "sdk/C_AND_RUST.md", "sdk/RUBY_TASKER.md", "plugins/shop/README.md"), "tests/readme/guide_test.py"),
}
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)")
# stock::Options options(config, "handler_config", {"url", ...}), which refuses every other member.
KNOWN_OPTIONS = re.compile(r"""(?:handler_config[^"]*"|'s configuration"|what),\s*\{([^}]*)\}""")
# How error codes of the host and the stock plugins, and keys of the configuration, begin.
NAMED = "plugins?|handler|template|request|config|context|step|host|engine|runner|log|database|liveness|http|sql|shell"
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)


def pages():
    """Path and text of every page of the tree, build folders left out."""
    for folder, names, files in os.walk(SOURCE):
        names[:] = [name for name in names if name not in ("build", "node_modules") and not name.startswith(".")]
        for name in files:
            if name.endswith(".md"):
                path = os.path.relpath(os.path.join(folder, name), SOURCE)
                yield path, (SOURCE / path).read_text(encoding="utf-8")


def headings(text):
    """The anchors of a page, as the usual viewers name them."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


class Pages(unittest.TestCase):
    def test_shell_blocks_of_the_other_pages_run_in_a_checkout(self):
        for path, text in pages():
            if path in RUN_ELSEWHERE:
                continue
            checkout = Checkout()
            self.addCleanup(checkout.close)
            for block in blocks_of(text):
                with self.subTest(page=path, line=block.line):
                    self.run_block(block, checkout)

    def run_block(self, block, checkout):
        kind = f"{block.language} {block.mark}".strip()
        self.assertIn(kind, ("sh", "sh elsewhere", "text"), "nobody runs a block of this kind")
        if kind == "sh":
            answer = subprocess.run(["sh", "-ec", block.text], cwd=checkout.folder, env=checkout.environment(),
                                    capture_output=True, text=True, timeout=300, check=False)
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        elif kind == "sh elsewhere":
            for command in block.text.splitlines():
                program = command.split("#")[0].split()[0]
                if "/" in program:
                    self.assertTrue(os.access(SOURCE / program, os.X_OK), command)

    def test_the_tests_that_pages_are_left_to_exist(self):
        for path in list(RUN_ELSEWHERE) + list(RUN_ELSEWHERE.values()):
            self.assertTrue((SOURCE / path).exists(), path)

    def test_the_first_plugin_of_the_sdk_is_the_shipped_example(self):
        shown = {block.name: block.text for block in blocks_of((SOURCE / "sdk/README.md").read_text(encoding="utf-8")) if block.name}
        self.assertEqual(set(shown), {"cart/cart.cpp", "cart/cart.yaml", "cart/CMakeLists.txt"})
        for name, text in shown.items():
            self.assertEqual(text, (SOURCE / "sdk/examples" / name).read_text(encoding="utf-8"), name)

    def test_the_stock_plugins_pages_have_every_option(self):
        for folder in sorted((SOURCE / "plugins/std").glob("*/src")):
            sources = "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.cpp")))
            known = set(re.findall(r'"(\w+)"', "".join(KNOWN_OPTIONS.findall(sources))))
            page = (folder.parent / "README.md").read_text(encoding="utf-8")
            tables = "".join(re.findall(r"^\| `.*$\n", page, re.M))
            named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", tables, re.M))))
            with self.subTest(plugin=folder.parent.name):
                self.assertTrue(known)
                self.assertEqual(known - set(re.findall(r"`(\w+)[:`]", page)), set(), "not on the page")
                self.assertEqual(named - known, set(), "no option")

    def test_codes_and_keys_that_the_guides_name_exist(self):
        known = set(re.findall(r"^\| `([\w.]+)` \|", (SOURCE / "config/README.md").read_text(encoding="utf-8"), re.M))
        sources = [SOURCE / "host/base/error_codes.h", *(SOURCE / "plugins/std").rglob("*.cpp")]
        known.update(re.findall(r'"([a-z]+\.[a-z_]+)"', "".join(file.read_text(encoding="utf-8") for file in sources)))
        for path, text in pages():
            if not path.startswith("sdk/"):
                continue
            for name in sorted(set(re.findall(rf"`((?:{NAMED})\.[a-z_]+)`", text))):
                with self.subTest(page=path, name=name):
                    self.assertTrue(name in known, "neither an error code nor a key of the configuration")

    def test_files_that_the_design_names_exist(self):
        text = (SOURCE / "host/DESIGN.md").read_text(encoding="utf-8")
        parts = "|".join(entry.name for entry in (SOURCE / "host").iterdir() if entry.is_dir())
        for name in sorted(set(re.findall(rf"`((?:{parts})/[\w./]+)`", text))):
            with self.subTest(file=name):
                found = list((SOURCE / "host").glob(name if "." in name else name + ".*"))
                self.assertTrue(found, f"host/{name} is gone")

    def test_links_lead_somewhere(self):
        for path, text in pages():
            for target, heading in LINK.findall(CODE.sub("", text)):
                if "://" in target:
                    continue
                with self.subTest(page=path, link=target, heading=heading):
                    place = (SOURCE / path).parent.joinpath(target) if target else SOURCE / path
                    self.assertTrue(place.exists(), target)
                    if heading:
                        self.assertIn(heading, headings(place.read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
