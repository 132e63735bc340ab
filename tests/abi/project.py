"""A throw-away CMake project for the tests of package and scaffold."""
import os
import pathlib
import shutil
import subprocess
import tempfile

SOURCE = pathlib.Path(os.environ["TASKER_SOURCE_DIR"])
BINARY = pathlib.Path(os.environ["TASKER_BINARY_DIR"])
CMAKE = os.environ.get("CMAKE_COMMAND", "cmake")
CHECKOUT_SDK = f"-Dtasker-sdk_DIR={SOURCE}/sdk/cmake"


def run(*command, cwd=None):
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)


class Project:
    """Files in a temporary folder, configured and built with whatever SDK the flags name."""

    def __init__(self, *flags, files=None, copy_of=None):
        self.holder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.holder.name) / "project"
        self.flags = flags
        if copy_of:
            shutil.copytree(copy_of, self.folder)
        self.folder.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def configure(self):
        return run(CMAKE, "-G", "Ninja", "-S", self.folder, "-B", self.folder / "build", *self.flags)

    def build(self):
        return run(CMAKE, "--build", self.folder / "build")

    def plugin(self, path):
        return self.folder / "build/plugins" / path


def exported(path):
    lines = run("nm", "-D", "--defined-only", path).stdout.splitlines()
    return sorted(line.split()[-1] for line in lines)
