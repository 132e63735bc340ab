"""The host's HTTP interface, as far as the demonstration uses it: one connection, kept open, one thread."""
import http.client
import json
import urllib.parse


class ApiError(Exception):
    """The host could not be asked, or it said no; the text says which."""


class Api:
    def __init__(self, url):
        """`url` with the mount, as the host writes it: http://127.0.0.1:8765/tasker"""
        parts = urllib.parse.urlsplit(url)
        self._mount = parts.path.rstrip("/")
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=20)

    def _ask(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            self._connection.request(method, self._mount + path, json.dumps(body) if body is not None else None, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()  # the next request opens a new one
            raise ApiError(f"{method} {path} got no answer: {error or type(error).__name__}") from error
        try:
            content = json.loads(text)
        except ValueError:
            content = {"detail": text[:200].decode("utf-8", "replace")}
        if answer.status >= 300:
            raise ApiError(f"{method} {path} was answered by {answer.status}: {content.get('detail') or content}")
        return content

    def submit(self, tasks):
        return self._ask("POST", "/tasks/bulk", {"tasks": tasks})["task_ids"]

    def plugins(self):
        return self._ask("GET", "/plugins")["plugins"]

    def heads(self):
        """Every task without its steps, newest first."""
        after = None
        while True:
            page = self._ask("GET", "/tasks?limit=100" + (f"&after={after}" if after else ""))
            yield from page["tasks"]
            after = page["next"]
            if not after:
                return

    def task(self, task_id):
        content = self._ask("GET", f"/tasks/{task_id}")
        return content.get("task", content)
