"""find_package(tasker-sdk) from a checkout, a build tree and an installed prefix; and what tasker_add_plugin refuses."""
import json
import tempfile
import unittest

from project import BINARY, CHECKOUT_SDK, CMAKE, SOURCE, Project, exported, run

CART = SOURCE / "sdk/examples/cart"
HEAD = "cmake_minimum_required(VERSION 3.18)\nproject(p LANGUAGES {languages})\nfind_package(tasker-sdk REQUIRED)\n"
ECHO = (SOURCE / "tests/fixtures/plugins/echo.c").read_text()
YAML = "name: p\nnamespace_name: test\nversion: {version}\nstep_templates:\n  - name: run\n"


def c_project(arguments, yaml=YAML.format(version="1.0.0"), languages="C", name="p"):
    text = HEAD.format(languages=languages) + f"tasker_add_plugin({name} {arguments})\n"
    return Project(CHECKOUT_SDK, files={"CMakeLists.txt": text, "p.yaml": yaml, "echo.c": ECHO})


class Package(unittest.TestCase):
    def assert_builds(self, project, path):
        for answer in (project.configure(), project.build()):
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
        self.assertEqual(exported(project.plugin(path)), ["tasker_manifest_v1", "tasker_plugin_v1"])

    def test_builds_from_the_checkout_and_runs(self):
        with Project(CHECKOUT_SDK, copy_of=CART) as project:
            self.assert_builds(project, "shop/cart-1.0.0.so")
            answer = run(BINARY / "tests/run_plugin", project.plugin("shop/cart-1.0.0.so"), "{}",
                         '{"items": [{"price": 2.5}, {"price": 4.0}]}', "total", "charge")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            total, first, second = (json.loads(line) for line in answer.stdout.splitlines())
            self.assertEqual(total["payload"], {"sum": 6.5})
            self.assertEqual((first["kind"], first["retry_after_ms"]), ("retry", 200))
            self.assertEqual(second["payload"]["charged"], 6.5)

    def test_builds_with_the_sdk_of_the_build_tree(self):
        with Project(f"-Dtasker-sdk_DIR={BINARY}/sdk", copy_of=CART) as project:
            self.assert_builds(project, "shop/cart-1.0.0.so")

    def test_builds_from_an_installed_prefix(self):
        with tempfile.TemporaryDirectory() as prefix:
            answer = run(CMAKE, "--install", BINARY, "--prefix", prefix, "--component", "sdk")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            with Project(f"-DCMAKE_PREFIX_PATH={prefix}", copy_of=CART) as project:
                self.assert_builds(project, "shop/cart-1.0.0.so")

    def test_plain_c_needs_no_cxx(self):
        with c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c") as project:
            self.assert_builds(project, "test/p-1.0.0.so")
            self.assertNotIn("stdc++", run("readelf", "-d", project.plugin("test/p-1.0.0.so")).stdout)

    def test_manifest_is_embedded_again_when_it_changes(self):
        with c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c") as project:
            self.assert_builds(project, "test/p-1.0.0.so")
            (project.folder / "p.yaml").write_text(YAML.format(version="1.0.0") + "# grüße\n", encoding="utf-8")
            self.assertEqual(project.build().returncode, 0)
            self.assertIn("# grüße\n\0".encode(), project.plugin("test/p-1.0.0.so").read_bytes())

    def test_manifest_that_disagrees_stops_the_build(self):
        for yaml, key in ((YAML.format(version="1.0.1"), "version"), (YAML.format(version="'1.0.0'  # it") * 2, "name"),
                          (YAML.format(version="1.0.0").replace("namespace_name: test\n", ""), "namespace_name")):
            with self.subTest(key), c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c", yaml) as project:
                self.assertEqual(project.configure().returncode, 0)
                answer = project.build()
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn(key, answer.stdout + answer.stderr)

    @unittest.skipUnless((BINARY / "bin/tasker").exists(), "needs the host program")
    def test_a_template_that_a_host_would_refuse_stops_the_build(self):
        with Project(CHECKOUT_SDK, f"-DTASKER_PROGRAM={BINARY}/bin/tasker", copy_of=CART) as project:
            self.assertEqual(project.configure().returncode, 0)
            answer = project.build()
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
            self.assertTrue(project.plugin("shop/cart-1.0.0.so").exists())
            manifest = project.folder / "cart.yaml"
            manifest.write_text(manifest.read_text(encoding="utf-8").replace("depends_on_step:", "depend_on_step:"), encoding="utf-8")
            answer = project.build()
            self.assertNotEqual(answer.returncode, 0)
            self.assertIn("did you mean depends_on_step?", " ".join((answer.stdout + answer.stderr).split()))
            self.assertFalse(project.plugin("shop/cart-1.0.0.so").exists(), "a refused file is not left lying about")

    def test_two_versions_in_one_project(self):
        text = HEAD.format(languages="C") + "".join(
            f"tasker_add_plugin(p NAMESPACE test VERSION {v} MANIFEST {v}.yaml SOURCES echo.c)\n" for v in ("1.0.0", "1.1.0-rc.1"))
        files = {"CMakeLists.txt": text, "echo.c": ECHO}
        files.update({f"{v}.yaml": YAML.format(version=f'"{v}" # quoted') for v in ("1.0.0", "1.1.0-rc.1")})
        with Project(CHECKOUT_SDK, files=files) as project:
            self.assert_builds(project, "test/p-1.0.0.so")
            self.assertTrue(project.plugin("test/p-1.1.0-rc.1.so").exists())

    def test_wrong_arguments_are_refused_in_words(self):
        for arguments, name, words in (
                ("VERSION 1.0.0 MANIFEST p.yaml", "p", "needs SOURCES"),
                ("VERSION 1.0 MANIFEST p.yaml SOURCES echo.c", "p", "not a semantic version"),
                ("VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c", "P-x", "is not a name"),
                ("NAMESPACE Test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c", "p", "is not a name"),
                ("extra VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c", "p", "unknown argument")):
            with self.subTest(words), c_project(arguments, name=name) as project:
                answer = project.configure()
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn(words, " ".join(answer.stderr.split()))

    def test_a_plugin_test_runs_the_built_file_or_what_is_linked_in(self):
        source = """#include <tasker/testing.h>
int main() {
  tasker::kit::Plugin plugin;
  const auto outcome = plugin.run("total", {.context = {{"items", {{{"price", 2.5}}}}}});
  return outcome.is_ok() && outcome.result == tasker::Json{{"sum", 2.5}} && plugin.stop().empty() ? 0 : 1;
}
"""
        with Project(CHECKOUT_SDK, copy_of=CART) as project:
            (project.folder / "test.cpp").write_text(source, encoding="utf-8")
            with open(project.folder / "CMakeLists.txt", "a", encoding="utf-8") as file:
                file.write("enable_testing()\n"
                           "tasker_add_plugin_test(of_the_file PLUGIN cart-1.0.0 SOURCES test.cpp)\n"
                           "tasker_add_plugin_test(linked PLUGIN cart-1.0.0 SOURCES test.cpp LINKED)\n")
            self.assert_builds(project, "shop/cart-1.0.0.so")
            answer = run("ctest", "--test-dir", project.folder / "build", "--output-on-failure", "-E", "^check_")
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)
            self.assertIn("100% tests passed, 0 tests failed out of 2", answer.stdout)

    def test_a_plugin_in_c_is_tested_in_c(self):
        source = """#include <tasker/c_testing.h>
int main(void) {
    tasker_test test;
    tasker_ended ended;
    if (!tasker_test_begin(&test, "{}")) return 1;
    ended = tasker_test_run(&test, "run", (tasker_attempt){.context = "{\\"order\\": 7}"});
    return tasker_test_end(&test) + (ended.kind == TASKER_OK ? 0 : 1);
}
"""
        waits = ECHO.replace("out->kind = TASKER_OK", "out->kind = TASKER_WAIT")
        with c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c") as project:
            (project.folder / "test.c").write_text(source, encoding="utf-8")
            with open(project.folder / "CMakeLists.txt", "a", encoding="utf-8") as file:
                file.write("enable_testing()\n"
                           "tasker_add_plugin_test(of_the_file PLUGIN p-1.0.0 SOURCES test.c)\n"
                           "tasker_add_plugin_test(linked PLUGIN p-1.0.0 SOURCES test.c LINKED)\n")
            self.assert_builds(project, "test/p-1.0.0.so")
            answer = run("ctest", "--test-dir", project.folder / "build", "--output-on-failure", "-E", "^check_")
            self.assertIn("100% tests passed, 0 tests failed out of 2", answer.stdout)
            (project.folder / "echo.c").write_text(waits, encoding="utf-8")
            self.assertEqual(project.build().returncode, 0)
            answer = run("ctest", "--test-dir", project.folder / "build", "--output-on-failure", "-E", "^check_")
            self.assertIn("against the contract: WAIT without a time", answer.stdout)

    def test_a_test_in_c_sees_what_a_handler_says_meanwhile(self):
        plugin = """#include <tasker/c.h>
static int32_t run(void *self, const tasker_call *call, tasker_outcome *out) {
    const tasker_host *host = self;
    if (call->deadline_unix_ms == 1500) {
        host->heartbeat(host, call->token, 500, tasker_text("half"), tasker_text("[1]"));
        host->emit(host, call->token, tasker_text("a.b"), tasker_text("{}"));
    }
    return tasker_ok(out, tasker_copy(call->retry_limit == 7 ? call->correlation_id : call->traceparent));
}
TASKER_C_HANDLER(run, "run")
TASKER_C_PLUGIN(tasker_no_state, tasker_no_end, &TASKER_C_HANDLER_OF(run))
"""
        source = """#include <tasker/c_testing.h>
int main(void) {
    tasker_test test;
    tasker_ended ended;
    int is_good;
    if (!tasker_test_begin(&test, "{}")) return 1;
    ended = tasker_test_run(&test, "run", (tasker_attempt){.retry_limit = 7, .deadline_unix_ms = 1500, .correlation_id = "1"});
    is_good = !strcmp(ended.checkpoint, "[1]") && !strcmp(ended.event, "a.b") && !strcmp(ended.event_payload, "{}");
    is_good = is_good && !strcmp(ended.payload, "1");
    ended = tasker_test_run(&test, "run", (tasker_attempt){.traceparent = "2"});
    is_good = is_good && !strcmp(ended.payload, "2") && *ended.event == 0 && *ended.checkpoint == 0;
    return tasker_test_end(&test) != 0 || !is_good;
}
"""
        with c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c") as project:
            (project.folder / "echo.c").write_text(plugin, encoding="utf-8")
            (project.folder / "test.c").write_text(source, encoding="utf-8")
            with open(project.folder / "CMakeLists.txt", "a", encoding="utf-8") as file:
                file.write("enable_testing()\ntasker_add_plugin_test(said PLUGIN p-1.0.0 SOURCES test.c)\n")
            self.assert_builds(project, "test/p-1.0.0.so")
            answer = run("ctest", "--test-dir", project.folder / "build", "--output-on-failure", "-R", "^said$")
            self.assertIn("100% tests passed, 0 tests failed out of 1", answer.stdout)

    def test_wrong_arguments_of_a_plugin_test_are_refused_in_words(self):
        for line, languages, words in (
                ("tasker_add_plugin_test(t SOURCES t.cpp)", "C CXX", "needs PLUGIN"),
                ("tasker_add_plugin_test(t PLUGIN p-1.0.0)", "C CXX", "needs SOURCES"),
                ("tasker_add_plugin_test(t PLUGIN p SOURCES t.cpp)", "C CXX", "there is no plugin p;"),
                ("tasker_add_plugin_test(t PLUGIN p-1.0.0 SOURCES t.cpp)", "C", "the test kit is C++20"),
                ("tasker_add_plugin_test(t FAST PLUGIN p-1.0.0 SOURCES t.cpp)", "C CXX", "unknown argument: FAST")):
            with self.subTest(words), c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c", languages=languages) as project:
                with open(project.folder / "CMakeLists.txt", "a", encoding="utf-8") as file:
                    file.write(line + "\n")
                answer = project.configure()
                self.assertNotEqual(answer.returncode, 0)
                self.assertIn(words, " ".join(answer.stderr.split()))

    def test_an_undefined_function_stops_the_link(self):
        with c_project("NAMESPACE test VERSION 1.0.0 MANIFEST p.yaml SOURCES echo.c") as project:
            source = ECHO.replace("static void fini(void *self) { (void)self; }",
                                  "extern void nowhere(void);\nstatic void fini(void *self) { (void)self; nowhere(); }")
            (project.folder / "echo.c").write_text(source, encoding="utf-8")
            self.assertEqual(project.configure().returncode, 0)
            self.assertIn("nowhere", project.build().stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
