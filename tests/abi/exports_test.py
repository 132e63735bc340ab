"""What the files built by tasker_add_plugin let out: two symbols, nothing unique, no search path, all bound at load,
and the manifest byte for byte in its section."""
import os
import pathlib
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
FIXTURES = pathlib.Path(os.environ["TASKER_BINARY_DIR"]) / "tests/fixtures/plugins"
BROKEN = {"extra_symbol-1.0.0.so", "unique_symbol-1.0.0.so"}


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def exported(path):
    return sorted(line.split()[-1] for line in tool("nm", "-D", "--defined-only", str(path)).splitlines())


def plugins():
    return sorted(path for folder in ("test", "bench") for path in (FIXTURES / folder).glob("*.so"))


class Exports(unittest.TestCase):
    def test_exactly_two_symbols(self):
        self.assertGreater(len(plugins()), 20)
        for path in plugins():
            if path.name not in BROKEN:
                with self.subTest(path.name):
                    self.assertEqual(exported(path), ["tasker_manifest_v1", "tasker_plugin_v1"])

    def test_nothing_is_unique(self):
        for path in plugins():
            if path.name not in BROKEN:
                with self.subTest(path.name):
                    self.assertNotRegex(tool("readelf", "-W", "--dyn-syms", str(path)), r"UNIQUE .* \d+ \S+$")

    def test_the_broken_fixtures_are_broken_as_said(self):
        self.assertIn("third_symbol", exported(FIXTURES / "test/extra_symbol-1.0.0.so"))
        self.assertEqual(len(exported(FIXTURES / "test/unique_symbol-1.0.0.so")), 3)

    def test_link_flags(self):
        for path in plugins():
            with self.subTest(path.name):
                dynamic = tool("readelf", "-W", "-d", str(path))
                self.assertNotRegex(dynamic, r"RPATH|RUNPATH|SONAME")
                self.assertRegex(dynamic, r"BIND_NOW|Flags: NOW")
                headers = tool("readelf", "-W", "-l", str(path))
                self.assertIn("GNU_RELRO", headers)
                wanted = self.assertRegex if path.name.startswith("executable_stack") else self.assertNotRegex
                wanted(headers, r"GNU_STACK.*RWE")
                self.assertIn("Build ID", tool("readelf", "-n", str(path)))

    def test_manifest_is_the_yaml(self):
        path = FIXTURES / "test/ledger-1.0.0.so"
        dump = tool("readelf", "-W", "-x", ".tasker_manifest", str(path))
        # "  0x00000000 6e616d65 3a206c65 64676572 0a6e616d name: ledger.nam": the middle columns hold the bytes.
        words = [line[13:49] for line in dump.splitlines() if line.startswith("  0x")]
        text = bytes.fromhex("".join("".join(words).split()))
        self.assertEqual(text, (SOURCE / "tests/fixtures/plugins/ledger.yaml").read_bytes() + b"\0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
