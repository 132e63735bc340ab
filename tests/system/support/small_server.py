"""A small server that answers for the host, for tests of what the program makes of answers."""
import http.server
import json
import os
import pathlib
import threading
import unittest

PROGRAM = pathlib.Path(os.environ["TASKER_BINARY_DIR"]) / "bin"
SECONDS = 60
ANSWERS = {
    "/tasker/tasks": {"tasks": [{"task_id": 6401}, {"task_id": 7}], "next": None},
    "/tasker/plugins": {"plugins": [{"namespace": "shop", "name": "cart", "version": "1.2.0", "state": "active"}], "next": None},
}


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(ANSWERS[self.path.split("?")[0]]).encode()
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
        cls.url = f"http://127.0.0.1:{cls.server.server_address[1]}"
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
