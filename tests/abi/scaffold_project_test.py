"""scaffold_project_test.py LANGUAGE whole|flavours|surroundings: projects of one language, built, tested and run by the commands that the
scaffold and the project's README print. Exit code 77 when the language's compiler is not installed."""
import http.server
import json
import os
import re
import shutil
import sys
import threading
import unittest

from dev_host import SECONDS, Command, DevHost
from project import BINARY, CMAKE, SOURCE, run
from scaffolded import PROGRAM, Scaffolded, blocks_of

LANGUAGE, PART = sys.argv.pop(1), sys.argv.pop(1)
COMPILER = {"cpp": "c++", "c": "cc", "rust": "cargo"}[LANGUAGE]
ALL_FLAVOURS = "fetch:api,total:calculation,again:calculation,store:database,tell:notification"
# Steps whose names the language has other plans for.
ODD_STEPS = {"cpp": "delete,delete_,register,remove,std,yes,linux,call", "c": "delete,register,main,errno,read,remove,yes,linux",
             "rust": "type,type_,match,self,crate,a__b,drop,yes,union"}[LANGUAGE]


class Shop(http.server.BaseHTTPRequestHandler):
    """What the scaffolded API step asks."""

    def do_GET(self):
        body = json.dumps({"path": self.path, "key": self.headers["Idempotency-Key"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Whole(Scaffolded):
    """One project that has every flavour, from the first command to a task that is complete."""

    @unittest.skipUnless(PROGRAM.exists(), "needs the host program")
    def test_from_the_first_command_to_a_complete_task(self):
        data = self.folder / "data"
        build, test, deliver = self.made("payments/refund", "--steps", ALL_FLAVOURS, "--language", LANGUAGE,
                                         "--plugins", data / "plugins")
        project = self.folder / "refund"
        shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
        self.addCleanup(shop.server_close)
        self.addCleanup(shop.shutdown)
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        manifest = project / "refund.yaml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{shop.server_port}"), encoding="utf-8")

        self.follow(build, test)
        host = DevHost(data, {"payments/refund": {"database": f"host={data}/socket user=tasker dbname=tasker",
                                                  "outbox": str(self.folder / "outbox")}})
        self.addCleanup(host.end)
        self.follow(f"psql -q 'host={data}/socket user=tasker dbname=tasker' -f schema.sql", folder=project)
        self.follow(test, TASKER_TEST_DATABASE=f"host={data}/socket user=tasker dbname=tasker")
        self.follow(deliver)
        self.assert_fit(data / "plugins/payments/refund-1.0.0.so")
        host.wait_for("plugin payments/refund 1.0.0 is active")

        blocks = blocks_of(project / "README.md")
        submit = next(block for block in blocks if block.startswith("tasker task submit"))
        said = self.follow(submit, TASKER_DATA=data, PATH=f"{PROGRAM.parent}:{os.environ['PATH']}")
        number = re.search(r"task (\d+) complete", said).group(1)
        task = json.loads(run(PROGRAM, "task", "get", number, "-o", "json", "--server", host.address).stdout)
        results = {step["name"]: step["results"] for step in task["task"]["workflow_steps"]}
        self.assertEqual((results["fetch"]["status"], results["fetch"]["body"]["path"]), (200, "/fetch"))
        self.assertEqual((results["total"]["amount_cents"], results["again"]["amount_cents"]), (2975, 3540))
        self.assertGreater(results["store"]["record_id"], 0)
        messages = [path.read_text(encoding="utf-8") for path in (self.folder / "outbox").iterdir()]
        self.assertEqual(len(messages), 1)
        self.assertIn("To: ada@example.org\n", messages[0])
        self.stop_in_the_host(next(block for block in blocks if block.startswith("gdb -p")), submit.replace("--wait ", ""), data)

    def stop_in_the_host(self, attach, submit, data):
        if not shutil.which("gdb"):
            print("gdb is not installed: nobody stopped in the host")
            return
        gdb = Command(attach.replace("gdb ", "gdb -batch "), str(self.folder), dict(os.environ, TASKER_DATA=str(data)))
        self.addCleanup(gdb.end)
        self.assertTrue(gdb.wait_for(re.compile("Breakpoint 1 at"), SECONDS), gdb.output())
        self.follow(submit, TASKER_DATA=data, PATH=f"{PROGRAM.parent}:{os.environ['PATH']}")
        self.assertTrue(gdb.wait_for(re.compile(r"hit Breakpoint 1, .*tell\b"), SECONDS), gdb.output())


class Flavours(Scaffolded):
    """Each flavour alone."""

    def project(self, flavour):
        build, test, deliver = self.made(f"shop/{flavour}", "--steps", f"first,second:{flavour}", "--flavour", flavour,
                                         "--language", LANGUAGE)
        self.follow(build, test, deliver, CMAKE_BUILD_TYPE="Debug")
        plugin = self.folder / f"plugins/shop/{flavour}-1.0.0.so"
        self.assert_fit(plugin)
        return plugin

    def test_api(self):
        # The template's address: nobody listens there.
        self.assertEqual({outcome["code"] for outcome in self.outcomes(self.project("api"), "first")}, {"http.no_url"})

    def test_calculation(self):
        outcomes = self.outcomes(self.project("calculation"), "first", "second")
        self.assertEqual([outcome["payload"] for outcome in outcomes], [{"amount_cents": 2500}] * 2)

    def test_database(self):
        os.environ["PGHOST"] = str(self.folder)  # no server there
        self.addCleanup(os.environ.pop, "PGHOST")
        self.assertEqual({outcome["code"] for outcome in self.outcomes(self.project("database"), "first")}, {"sql.unreachable"})

    def test_notification(self):
        plugin, outbox = self.project("notification"), self.folder / "outbox"
        outcomes = self.outcomes(plugin, "first", config=json.dumps({"outbox": str(outbox)}), context='{"email": "ada@example.org"}')
        self.assertEqual(outcomes[0]["payload"]["to"], "ada@example.org")
        self.assertEqual([path.stat().st_mode & 0o777 for path in outbox.iterdir()], [0o600])
        answer = run(BINARY / "tests/run_plugin", plugin, "{}", "{}", "first")
        self.assertIn("names no `outbox`", answer.stderr, "a folder that nobody named may be anybody's")


class Surroundings(Scaffolded):
    """Where a project is built, in which debugger it runs, and what its steps are called."""

    @unittest.skipUnless(shutil.which("gdb"), "gdb is not installed")
    def test_the_debugger_stops_in_a_handler(self):
        self.made("shop/total", "--steps", "first,second", "--language", LANGUAGE)
        project = self.folder / "total"
        block = next(block for block in blocks_of(project / "README.md") if "gdb" in block)
        block = block.replace("gdb ", "gdb -batch ").replace("'gdb', ", "'gdb', '-batch', ")
        said = self.typed(block, project, CMAKE_PREFIX_PATH=SOURCE / "sdk")
        self.assertRegex(said, r"Breakpoint 1, .*second\b")

    def test_names_that_the_language_has_other_plans_for(self):
        build, test, deliver = self.made("default/call", "--steps", ODD_STEPS, "--version", "0.2.0-rc.1", "--language", LANGUAGE,
                                         "--output", "odd names", "--plugins", "drop here")
        self.follow(build, test, deliver, CMAKE_BUILD_TYPE="Debug")
        plugin = self.folder / "drop here/default/call-0.2.0-rc.1.so"
        self.assertEqual({outcome["kind"] for outcome in self.outcomes(plugin, *ODD_STEPS.split(","))}, {"ok"})

    def test_the_installed_scaffold_finds_the_installed_sdk(self):
        prefix = self.folder / "prefix"
        answer = run(CMAKE, "--install", BINARY, "--prefix", prefix, "--component", "sdk")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        build, _, _ = self.made("payments/refund", "--steps", "validate", "--language", LANGUAGE,
                                scaffold=prefix / "bin/tasker-scaffold")
        for path in (self.folder / "refund").rglob("*"):
            if path.is_file():
                self.assertNotIn(str(SOURCE), build + path.read_text(encoding="utf-8"), path)
        self.follow(build.split(" && ")[0])  # what finds the SDK; the rest is as elsewhere
        # The project's own README, by somebody who has the SDK installed and starts from a clean clone of it.
        project = self.folder / "refund"
        for made in ("build", "target"):
            shutil.rmtree(project / made, ignore_errors=True)
        self.follow(blocks_of(project / "README.md")[0], folder=project, CMAKE_PREFIX_PATH=prefix, CMAKE_BUILD_TYPE="Debug")


if __name__ == "__main__":
    if not shutil.which(COMPILER):
        print(f"skipped: {COMPILER} is not installed")
        sys.exit(77)
    unittest.main(verbosity=2, argv=[sys.argv[0], *sys.argv[1:], PART.capitalize()])
