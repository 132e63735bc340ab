"""The SDK's crate for Rust: its own tests, its layout against the page of the contract, and a panic that costs the attempt
alone. Exit code 77 when cargo is not installed."""
import re
import shutil
import sys
import unittest

from project import SOURCE, run
from scaffolded import Scaffolded

CONTRACT = SOURCE / "plugin-api/ABI.md"
STRUCT = re.compile(r"^\*\*`tasker_(\w+)`\*\*, (\d+) bytes: (.*)\.$", re.M)
# Not in the crate: it offers neither task hooks nor parts.
LEFT_OUT = {"task", "part"}


class RustSdk(Scaffolded):
    def test_its_own_tests_and_the_layout(self):
        crate = self.folder / "crate"
        shutil.copytree(SOURCE / "sdk/rust", crate, ignore=shutil.ignore_patterns("target", "Cargo.lock"))
        structs = [match for match in STRUCT.findall(CONTRACT.read_text(encoding="utf-8")) if match[0] not in LEFT_OUT]
        self.assertEqual(len(structs), 6)
        (crate / "src/layout_test.rs").write_text("".join(self.layout_test(*struct) for struct in structs), encoding="utf-8")
        with open(crate / "src/lib.rs", "a", encoding="utf-8") as file:
            file.write("#[cfg(test)]\nmod layout_test;\n")
        said = self.follow("cargo test --offline", folder=crate)
        self.assertIn("layout_test::layout_of_plugin ... ok", said)

    @staticmethod
    def layout_test(name, size, members):
        rust = name.capitalize()
        checks = "".join(f"        assert_eq!(std::ptr::addr_of!((*at).{member}) as usize - at as usize, {offset});\n"
                         for member, offset in re.findall(r"`(\w+)` (\d+)", members))
        return (f"#[test]\nfn layout_of_{name}() {{\n    let value = std::mem::MaybeUninit::<crate::abi::{rust}>::uninit();\n"
                f"    let at = value.as_ptr();\n    assert_eq!(std::mem::size_of_val(&value), {size});\n    unsafe {{\n{checks}    }}\n}}\n")

    def test_a_panic_costs_the_attempt_alone(self):
        build, _, deliver = self.made("test/panics", "--steps", "first", "--language", "rust")
        steps = self.folder / "panics/src/steps.rs"
        text = steps.read_text(encoding="utf-8")
        steps.write_text(text.replace("    let amount", '    assert!(call.context()?.get("items").is_null(), "as {}", "wished");\n    let amount'),
                         encoding="utf-8")
        self.follow(build, deliver)
        plugin = self.folder / "plugins/test/panics-1.0.0.so"
        self.assert_fit(plugin)
        outcomes = self.outcomes(plugin, "first")
        self.assertEqual({(outcome["kind"], outcome["code"], outcome["message"]) for outcome in outcomes}, {("retry", "panic", "as wished")})

    def test_a_project_that_is_called_as_the_crate(self):
        self.made("tasker/sdk", "--steps", "first", "--language", "rust")
        self.follow("cargo metadata --offline --format-version 1 >metadata.json", folder=self.folder / "sdk")

    def test_a_template_of_another_version_stops_the_build(self):
        build, _, _ = self.made("test/panics", "--steps", "first", "--language", "rust")
        manifest = self.folder / "panics/panics.yaml"
        manifest.write_text(manifest.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 1.0.1"), encoding="utf-8")
        answer = run("sh", "-c", build, cwd=self.folder)
        self.assertNotEqual(answer.returncode, 0)
        self.assertIn('must have the line "version: 1.0.0"', answer.stderr)


if __name__ == "__main__":
    if not shutil.which("cargo"):
        print("skipped: cargo is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
