"""A folder that looks like a checkout whose release was just built: links to the sources, build/release is the build
under test. What a page's commands write goes into it and is gone afterwards."""
import os
import pathlib
import re
import tempfile

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["TASKER_BINARY_DIR"])


class Checkout:
    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="tasker-readme-")
        self.root = pathlib.Path(self.holder.name)
        self.root.chmod(0o755)  # a private PostgreSQL under another account must get in
        self.folder = self.root / "tasker"
        (self.folder / "build").mkdir(parents=True)
        for entry in SOURCE.iterdir():
            if entry.name not in ("build", ".git"):
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / "build/release").symlink_to(BINARY)
        self.data = self.root / "tour"
        self.own = self.root / "own"  # a reader's own files
        self.own.mkdir()
        self.port = "8765"

    def close(self):
        self.holder.cleanup()

    def environment(self):
        mine = {name: value for name, value in os.environ.items() if not name.startswith("TASKER_")}
        mine.setdefault("RUSTUP_HOME", os.path.expanduser("~/.rustup"))  # cargo may be rustup's, which looks in HOME
        return dict(mine, HOME=str(self.root), NO_COLOR="1", TERM="xterm", CMAKE_GENERATOR="Ninja",
                    TASKER=str(self.folder))

    def localised(self, text):
        """The page's folder and port, as they are in this run: another host may have the usual port."""
        return text.replace("/tmp/tasker-tour", str(self.data)).replace(":8765", ":" + self.port)

    def note_port(self, output):
        found = re.search(r"running at http://127\.0\.0\.1:(\d+)", output)
        if found:
            self.port = found.group(1)
