"""The scaffold without a build: what is asked for stands in the files, nothing is overwritten, and a wrong request is refused
in words and changes nothing."""
import os
import subprocess
import unittest

from project import BINARY, CMAKE, SOURCE, run
from scaffolded import PROGRAM, SCAFFOLD, Scaffolded


class Scaffold(Scaffolded):
    def test_delivers_to_the_data_folder_that_the_shell_means(self):
        answer = self.start("payments/refund", "--steps", "validate", TASKER_DATA="/somewhere")
        self.assertIn(" /somewhere/plugins/payments/refund-1.0.0.so", answer.stdout)

    def test_delivers_to_where_tasker_dev_looks_by_itself(self):
        answer = self.start("payments/refund", "--steps", "validate", TASKER_DATA="", XDG_DATA_HOME="/elsewhere")
        self.assertIn(" /elsewhere/tasker/dev/plugins/payments/refund-1.0.0.so", answer.stdout)

    def test_a_folder_that_cmake_cannot_build_in_is_refused(self):
        for folder in ("a;b", ""):
            answer = self.start("payments/refund", "--steps", "validate", "--output", folder)
            self.assertEqual(answer.returncode, 1, answer.stdout)
            self.assertIn("name one without a semicolon", answer.stderr)

    def test_one_flavour_for_all_steps_or_one_for_each(self):
        self.made("payments/tell", "--steps", "x,y", "--flavour", "notification", "--output", "a")
        self.made("payments/tell", "--steps", "x:notification,y:notification", "--output", "b")
        self.assertEqual((self.folder / "a/tests/steps_test.cpp").read_bytes(), (self.folder / "b/tests/steps_test.cpp").read_bytes())
        self.made("payments/c", "--steps", "x:api,y", "--flavour", "database")
        steps = (self.folder / "c/src/steps.cpp").read_text(encoding="utf-8")
        self.assertIn("services.http", steps)
        self.assertIn("services.database", steps)
        self.assertNotIn("Amount", steps)

    def test_editors_find_the_schema_of_the_template(self):
        prefix = self.folder.resolve() / "prefix"
        answer = run(CMAKE, "--install", BINARY, "--prefix", prefix, "--component", "sdk")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        for name, scaffold, schema in (("checkout", SCAFFOLD, SOURCE / "config/template.schema.json"),
                                       ("prefix", prefix / "bin/tasker-scaffold", prefix / "share/tasker-sdk/template.schema.json")):
            with self.subTest(name):
                self.made(f"default/at_{name}", "--steps", "a", scaffold=scaffold)
                first = (self.folder / f"at_{name}/at_{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
                self.assertEqual(first, f"# yaml-language-server: $schema={schema.as_uri()}")
                self.assertTrue(schema.is_file())

    @unittest.skipUnless(PROGRAM.exists(), "needs the host program")
    def test_the_template_is_without_fault(self):
        self.made("payments/refund", "--steps", "fetch:api,total,again,store:database,yes:notification")
        answer = run(PROGRAM, "template", "check", self.folder / "refund/refund.yaml")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    @unittest.skipUnless(PROGRAM.exists(), "needs the host program")
    def test_names_that_yaml_reads_as_something_else(self):
        for plugin in ("default/true", "null/yes"):
            self.made(plugin, "--steps", "null,on")
            name = plugin.split("/")[1]
            answer = run(PROGRAM, "template", "check", self.folder / name / f"{name}.yaml")
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_the_contract_is_tried_away_from_databases_that_the_environment_names(self):
        for language in ("cpp", "c"):
            self.made("payments/refund", "--steps", "store:database,tell:notification", "--language", language, "--output", language)
            self.assertIn('CHECK_CONFIG [[{"database": "host=127.0.0.1 port=9", "outbox": "outbox"}]]',
                          (self.folder / language / "CMakeLists.txt").read_text(encoding="utf-8"))

    def test_a_reader_that_has_seen_enough_is_no_fault(self):
        reader, writer = os.pipe()
        os.close(reader)
        answer = subprocess.run([SCAFFOLD, "payments/refund", "--steps", "validate"], cwd=self.folder, stdout=writer,
                                stderr=subprocess.PIPE, check=False)
        os.close(writer)
        self.assertEqual((answer.returncode, answer.stderr), (0, b""))
        self.assertTrue((self.folder / "refund/README.md").exists())

    def test_half_a_project_does_not_stay(self):
        (self.folder / "refund").mkdir()
        (self.folder / "refund/src").write_text("a file", encoding="utf-8")
        answer = self.start("payments/refund", "--steps", "validate")
        self.assertEqual(answer.returncode, 1)
        self.assertEqual([path.name for path in (self.folder / "refund").rglob("*")], ["src"])

    def test_nothing_is_overwritten(self):
        self.made("payments/refund", "--steps", "validate")
        before = (self.folder / "refund/src/steps.cpp").read_bytes()
        (self.folder / "refund/refund.yaml").unlink()
        answer = self.start("payments/refund", "--steps", "other")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("already there", answer.stderr)
        self.assertEqual((self.folder / "refund/src/steps.cpp").read_bytes(), before)
        self.assertFalse((self.folder / "refund/refund.yaml").exists(), "a refused request writes nothing")

    def test_wrong_requests_are_refused_in_words(self):
        for words, complaint in (
                (["refund", "--steps", "a"], "needs a namespace"),
                (["Payments/refund", "--steps", "a"], "is not a name"),
                (["payments/re-fund", "--steps", "a"], "is not a name"),
                (["payments/" + "x" * 64, "--steps", "a"], "is not a name"),
                (["payments/refund/x", "--steps", "a"], "is not a name"),
                (["payments/refund", "--steps", "a,,b"], "is not a name"),
                (["payments/refund", "--steps", "a,b,a"], "twice"),
                (["payments/refund", "--steps", "a:api,a:database"], "twice"),
                (["payments/refund", "--steps", "a:http"], "no flavour 'http'"),
                (["payments/refund", "--steps", "a:"], "no flavour ''"),
                (["payments/refund", "--steps", "a", "--flavour", "mail"], "no flavour 'mail'"),
                (["payments/refund", "--steps", "a", "--language", "go"], "no language 'go'"),
                (["payments/refund", "--steps", "a", "--version", "1.0"], "semantic version"),
                (["payments/refund", "--steps", "a", "--version", "1.0.1\u0663"], "semantic version"),
                (["payments/refund", "--steps", "a", "--version", "1.0.0-01"], "semantic version")):
            with self.subTest(words):
                answer = self.start(*words)
                self.assertEqual(answer.returncode, 1)
                self.assertIn(complaint, answer.stderr)
                self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
