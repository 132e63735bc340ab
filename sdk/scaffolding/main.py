"""The command: reads the request, writes the project, prints what to do next."""
import os
import sys

from . import c, cpp, rust
from .project import write_project
from .refusal import Refusal
from .request import request_from

MAKERS = {"cpp": cpp, "c": c, "rust": rust}


def main(arguments):
    try:
        request = request_from(arguments)
        maker = MAKERS[request.language]
        write_project(request.output, maker.files(request))
    except (Refusal, OSError) as error:
        print(f"scaffold: {error}", file=sys.stderr)
        return 1
    try:
        say_what_is_next(request, maker)
    except BrokenPipeError:  # who reads has seen enough; nothing is left that the end of the program could flush
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def say_what_is_next(request, maker):
    print(f"Made {request.output}: {len(request.steps)} steps in {request.name}.yaml, their handlers in "
          f"{maker.HANDLERS}. Build, test, deliver:\n")
    for command in maker.commands(request):
        print(f"  {command}")
    if request.has("notification"):
        print("\nBefore the last one, name an `outbox` in the host's configuration: README.md, \"Configure it\".")
    print(f"\nThe last one delivers to {request.plugins}: a host started with that plugin folder runs it at once.", flush=True)
