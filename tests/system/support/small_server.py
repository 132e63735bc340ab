"""A small server that answers for the host, for tests of what the program makes of answers."""
import http.server
import json
import os
import pathlib
import threading
import unittest

PROGRAM = pathlib.Path(os.environ["TASKER_BINARY_DIR"]) / "bin"
SECONDS = 60
LONG_ERROR = "bank.refused: the bank says no and will go on saying so until somebody there is told of it"


def task_of(count, state):
    steps = [{"name": f"step_{i:02}", "detail": "complete", "attempts": 1, "retry_limit": 3, "depends_on": []} for i in range(count)]
    code, message = LONG_ERROR.split(": ")
    steps[3].update(detail="error", last_error={"code": code, "message": message})
    return {"task": {"task_id": 9, "namespace": "shop", "name": "cart", "version": "1.0.0", "detail": state, "workflow_steps": steps}}


# What has "at first" behind its path is the first answer there.
ANSWERS = {
    "/tasker/tasks": {"tasks": [{"task_id": 6401}, {"task_id": 7}], "next": None},
    "/tasker/plugins": {"plugins": [{"namespace": "shop", "name": "cart", "version": "1.2.0", "state": "active"}], "next": None},
    "/refused/plugins": {"plugins": [{"namespace": "shop", "name": "cart", "version": "1.3.0", "state": "refused", "code": "plugin.not_elf",
                                      "reason": "it is no plugin"}], "next": None},
    "/tasker/tasks/9": task_of(30, "complete"),
    "/tasker/tasks/9 at first": task_of(30, "in_progress"),
}


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        first = path + " at first"
        if first in ANSWERS and first not in self.server.answered:
            self.server.answered.add(first)
            path = first
        body = json.dumps(ANSWERS[path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class AgainstAServer(unittest.TestCase):
    """`url` is where it answers while the tests of a class run."""

    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        cls.server.answered = set()
        cls.url = f"http://127.0.0.1:{cls.server.server_address[1]}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
