"""`tasker dev` in a folder of its own, for tests that deliver a plugin to a real host."""
import json
import os
import re
import shlex
import sys

from project import BINARY, SOURCE

sys.path.append(str(SOURCE / "tests/readme"))
from terminal import Command  # noqa: E402

SECONDS = 120


class DevHost:
    def __init__(self, data, configuration):
        """configuration: by plugin, what its section says."""
        data.mkdir(parents=True)
        config = data / "config.yaml"  # JSON is YAML
        config.write_text(json.dumps({"plugins": {"configuration": configuration}}), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TASKER_")}
        command = [str(BINARY / "bin/tasker"), "dev", "--data", str(data), "--listen", "127.0.0.1:0", "--config", str(config)]
        self.command = Command("exec " + shlex.join(command), str(data), environment)
        try:
            self.address = self.wait_for(r"running at (http://\S+)").group(1).rstrip("/")
        except AssertionError:
            self.end()
            raise

    def wait_for(self, pattern):
        pattern = re.compile(pattern)
        if not self.command.wait_for(pattern, SECONDS):
            raise AssertionError(f"the host does not say {pattern.pattern}, but:\n{self.command.output()}")
        return pattern.search(self.command.output())

    def end(self):
        self.command.end()
