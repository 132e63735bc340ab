"""Names of plugins, steps and versions, and the functions that steps become."""
import re

from .refusal import Refusal

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
NUMBER = "(0|[1-9][0-9]*)"
WORD = f"({NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"  # of a pre-release; a number has no leading zero there either
VERSION = re.compile(rf"{NUMBER}(\.{NUMBER}){{2}}(-{WORD}(\.{WORD})*)?")


def check_name(what, text):
    if not NAME.fullmatch(text):
        raise Refusal(f"{what} {text!r} is not a name: use a lower-case letter, then at most 62 lower-case letters, "
                      "digits and underscores")


def check_version(text):
    if not VERSION.fullmatch(text):
        raise Refusal(f"the version {text!r} is not a semantic version such as 1.0.0")


def function_names(steps, reserved):
    """Step -> function, none of them a reserved word of the language, no two alike."""
    names = {}
    for step in steps:
        function = step
        while function in reserved or function in names.values() or (function != step and function in steps):
            function += "_"
        names[step] = function
    return names
