"""Answers on loopback by path, and writes each request as one line of JSON to stdout; the first line is the port. Ends
with its stdin. local_server.py [CERTIFICATE KEY]

/status/N[/...][?retry_after=TEXT]  that status; each character of a reason in the body
/records/COLLECTION[/ID]      plugins/shop/data as an API: the record, or {COLLECTION: [...]}; else 404
/echo                         what was asked, as JSON
/text, /bytes, /bad_json      text/plain; bytes that are no UTF-8; JSON that is none
/big?bytes=N                  that many bytes
/redirect?to=URL[&status=N]   302
/never                        no answer until the client goes
/drop                         the connection is closed without an answer
/flaky?key=K&fail=N           503 for the first N requests with that key, then 200
"""
import http.server
import json
import os
import pathlib
import ssl
import sys
import threading
import urllib.parse

LOCK = threading.Lock()
SEEN = {}
RECORDS = pathlib.Path(__file__).resolve().parents[2] / "plugins/shop/data"


def tell(line):
    with LOCK:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def record(collection, number=None):
    file = RECORDS / (collection + ".json")
    records = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    if number is None:
        return {collection: records}
    return next((record for record in records if record["id"] == int(number)), None)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode("utf-8", "replace")
        request = {"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
                   "body": body}
        tell(json.dumps(request))
        name, _, rest = url.path.strip("/").partition("/")
        if name == "status":
            extra = {"Retry-After": query["retry_after"]} if "retry_after" in query else {}
            status = int(rest.split("/")[0])
            self.send(status, b"" if status == 204 else json.dumps({"status": status}).encode(), "application/json", extra)
        elif name == "records":
            found = record(*rest.split("/"))
            self.send(200 if found else 404, json.dumps(found).encode(), "application/json")
        elif name == "echo":
            self.send(200, json.dumps(request).encode(), "application/json; charset=utf-8")
        elif name == "text":
            self.send(200, "grüße".encode(), "text/plain; charset=utf-8")
        elif name == "bytes":
            self.send(200, b"\xff\xfe\x00", "application/octet-stream")
        elif name == "bad_json":
            self.send(200, b"{", "application/json")
        elif name == "big":
            self.send(200, b"x" * int(query["bytes"]), "text/plain")
        elif name == "redirect":
            self.send(int(query.get("status", 302)), b"", "text/plain", {"Location": query["to"]})
        elif name == "never":
            self.connection.recv(1)
            self.close_connection = True
        elif name == "drop":
            self.close_connection = True
        elif name == "flaky":
            with LOCK:
                SEEN[query["key"]] = SEEN.get(query["key"], 0) + 1
                failed = SEEN[query["key"]] <= int(query["fail"])
            self.send(503 if failed else 200, b'{"paid": true}', "application/json", {"Retry-After": "0"} if failed else {})
        else:
            self.send(404, b"", "text/plain")

    def send(self, status, body, kind, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


server = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
tell(str(server.server_address[1]))
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.buffer.read()
os._exit(0)
