"""What is asked for: the plugin, its steps in their order with a flavour each, the language, and where to put it all."""
import argparse
import os
import pathlib
from dataclasses import dataclass

from .names import check_name, check_version
from .refusal import Refusal

LANGUAGES = ("cpp", "c", "rust")
FLAVOURS = ("api", "calculation", "database", "notification")
MAX_STEPS = 1000


@dataclass(frozen=True)
class Step:
    name: str
    flavour: str
    parent: "Step | None"


@dataclass(frozen=True)
class Request:
    namespace: str
    name: str
    version: str
    steps: tuple
    language: str
    output: pathlib.Path
    plugins: str  # a host's plugin folder, for the printed command

    @property
    def plugin(self):
        return f"{self.namespace}/{self.name}"

    @property
    def file(self):
        """Below a plugin folder."""
        return f"{self.plugin}-{self.version}.so"

    def has(self, *flavours):
        return any(step.flavour in flavours for step in self.steps)


def request_from(arguments):
    words = parser().parse_args(arguments)
    namespace, slash, name = words.plugin.partition("/")
    if not slash:
        raise Refusal(f"{words.plugin!r} needs a namespace: write default/{words.plugin} or another one")
    check_name("the namespace", namespace)
    check_name("the plugin", name)
    check_version(words.version)
    if words.language not in LANGUAGES:
        raise Refusal(f"there is no language {words.language!r}; there are {', '.join(LANGUAGES)}")
    if words.output == "" or ";" in (words.output or ""):
        raise Refusal(f"the folder {words.output!r} cannot be built in: name one without a semicolon with --output")
    steps = steps_from(words.steps, words.flavour)
    return Request(namespace, name, words.version, steps, words.language, pathlib.Path(words.output or name), words.plugins)


def steps_from(text, common_flavour):
    """a,b:api: a flavour behind the colon, else the common one."""
    steps = []
    for word in text.split(","):
        name, _, flavour = (part.strip() for part in word.partition(":"))
        check_name("the step", name)
        flavour = common_flavour if ":" not in word else flavour
        if flavour not in FLAVOURS:
            raise Refusal(f"the step {name} has no flavour {flavour!r} to be of; there are {', '.join(FLAVOURS)}")
        steps.append(Step(name, flavour, steps[-1] if steps else None))
        if name in {step.name for step in steps[:-1]}:
            raise Refusal(f"the step {name!r} is there twice")
    if len(steps) > MAX_STEPS:
        raise Refusal(f"{len(steps)} steps are more than the {MAX_STEPS} that a scaffold starts with")
    return tuple(steps)


def plugins_folder():
    """Of the `tasker dev` that this shell would start: its default, as host/app/data_dir.cpp has it."""
    variables = os.environ
    if variables.get("TASKER_DATA"):
        data = variables["TASKER_DATA"]
    elif variables.get("XDG_DATA_HOME"):
        data = os.path.join(variables["XDG_DATA_HOME"], "tasker", "dev")
    elif os.geteuid() == 0 or not variables.get("HOME"):
        data = "/var/lib/tasker/dev"
    else:
        data = os.path.join(variables["HOME"], ".local", "share", "tasker", "dev")
    return os.path.join(data, "plugins")


def parser():
    made = argparse.ArgumentParser(prog="scaffold", description="Start a plugin project for Tasker, in C++, C or Rust.")
    made.add_argument("plugin", metavar="NAMESPACE/NAME", help="such as payments/refund")
    made.add_argument("--steps", required=True, metavar="A,B,C",
                      help="step names, in the order in which they run; A:api gives one a flavour of its own")
    made.add_argument("--language", default="cpp", metavar="|".join(LANGUAGES), help="(cpp)")
    made.add_argument("--flavour", default="calculation", metavar="|".join(FLAVOURS),
                      help="of the steps that name none (calculation)")
    made.add_argument("--version", default="1.0.0", help="a semantic version (1.0.0)")
    made.add_argument("--output", metavar="DIR", help="the project's folder (./NAME)")
    made.add_argument("--plugins", metavar="DIR", default=plugins_folder(),
                      help="a host's plugin folder, for the printed command (that of `tasker dev`)")
    return made
