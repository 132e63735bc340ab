"""The contract compiles alone, without a warning, as C99, C++17 and C++20 with gcc and clang; the SDK as C++20. A
function that may throw does not compile into the table. Compilers that are not installed are reported as skipped."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
INCLUDES = [f"-I{SOURCE}/plugin-api/include", f"-I{SOURCE}/sdk/include", f"-I{SOURCE}/tests/abi"]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]

HANDLER = """
#include <tasker/plugin.h>
static int32_t run(void *, const tasker_call *, tasker_outcome *) {mark} {{ return TASKER_DONE; }}
extern const tasker_handler handler;
const tasker_handler handler = {{sizeof(tasker_handler), 0, TASKER_STR("run"), run, nullptr}};
"""


def compile_text(compiler, standard, text, *flags):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / ("alone.c" if standard.startswith("c99") else "alone.cpp")
        path.write_text(text, encoding="utf-8")
        command = [compiler, f"-std={standard}", *STRICT, *INCLUDES, *flags, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


class Headers(unittest.TestCase):
    def each(self, standards, compilers):
        for compiler in compilers:
            if not shutil.which(compiler):
                print(f"skipped: {compiler} is not installed")
                continue
            for standard in standards:
                with self.subTest(compiler=compiler, standard=standard):
                    yield compiler, standard

    def assert_compiles(self, answer):
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_contract_compiles_alone_as_c99(self):
        for compiler, standard in self.each(["c99"], ["gcc", "clang"]):
            self.assert_compiles(compile_text(compiler, standard, "#include <tasker/plugin.h>\n"))

    def test_headers_for_c_compile_alone_as_c99(self):
        for compiler, standard in self.each(["c99"], ["gcc", "clang"]):
            for header in ("c.h", "c_testing.h"):
                self.assert_compiles(compile_text(compiler, standard, f"#include <tasker/{header}>\n" * 2))

    def test_contract_compiles_alone_as_cxx(self):
        for compiler, standard in self.each(["c++17", "c++20"], ["g++", "clang++"]):
            self.assert_compiles(compile_text(compiler, standard, "#include <tasker/plugin.h>\n"))
            self.assert_compiles(compile_text(compiler, standard, "#include <tasker/plugin.h>\n", "-DTASKER_HOST"))

    def test_contract_includes_twice_and_has_c_in_a_table(self):
        text = "#include <tasker/plugin.h>\n" * 2 + (SOURCE / "tests/fixtures/plugins/echo.c").read_text()
        for compiler, standard in self.each(["c99"], ["gcc", "clang"]):
            self.assert_compiles(compile_text(compiler, standard, text))

    def test_layout_holds_with_each_compiler(self):
        for compiler, standard in self.each(["c++17", "c++20"], ["g++", "clang++"]):
            self.assert_compiles(compile_text(compiler, standard, '#include "layout_cpp.cpp"\n'))

    def test_sdk_headers_compile_alone(self):
        headers = sorted((SOURCE / "sdk/include").rglob("*.h"))
        self.assertGreater(len(headers), 5)
        # One compiler for each header, both for the whole: parsing nlohmann's header is what takes the time.
        for compiler, standard in self.each(["c++20"], ["g++"]):
            for header in headers:
                name = header.relative_to(SOURCE / "sdk/include").as_posix()
                self.assert_compiles(compile_text(compiler, standard, f"#include <{name}>\n"))
        for compiler, standard in self.each(["c++20"], ["clang++"]):
            text = (SOURCE / "sdk/examples/cart/cart.cpp").read_text()
            self.assert_compiles(compile_text(compiler, standard, text))

    def test_a_function_that_may_throw_is_refused(self):
        for compiler, standard in self.each(["c++17", "c++20"], ["g++", "clang++"]):
            self.assert_compiles(compile_text(compiler, standard, HANDLER.format(mark="noexcept")))
            answer = compile_text(compiler, standard, HANDLER.format(mark=""))
            self.assertNotEqual(answer.returncode, 0)
            self.assertIn("noexcept", answer.stderr)

    def test_the_kept_header_of_a_minor_that_is_not_frozen_is_the_header(self):
        header = (SOURCE / "plugin-api/include/tasker/plugin.h").read_text()
        table = (SOURCE / "plugin-api/ABI.md").read_text()
        if "| 1.0 (not frozen) |" in table:
            self.assertEqual((SOURCE / "tests/fixtures/abi/1.0/tasker/plugin.h").read_text(), header)

    def test_the_header_stays_within_one_sitting(self):
        lines = (SOURCE / "plugin-api/include/tasker/plugin.h").read_text().count("\n")
        self.assertLess(lines, 400)


if __name__ == "__main__":
    unittest.main(verbosity=2)
