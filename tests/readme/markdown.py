"""The fenced code blocks of a page, with their info strings and the file name that a line of the form `name` gives."""
import re
from dataclasses import dataclass

FENCE = re.compile(r"^(?:`([\w./-]+)`:?\n\n)?```([^\n]*)\n(.*?)^```$", re.M | re.S)


@dataclass
class Block:
    line: int
    language: str  # the first word behind the fence
    mark: str      # the rest: terminal-1, output, elsewhere …
    text: str
    name: str      # of the file it shows, else ""


def blocks_of(text):
    found = []
    for match in FENCE.finditer(text):
        language, _, mark = match.group(2).partition(" ")
        line = text.count("\n", 0, match.start(3))
        found.append(Block(line, language, mark.strip(), match.group(3), match.group(1) or ""))
    return found


def pattern_of(expected):
    """What a page shows as output, as a pattern: … stands for anything within a line; runs of spaces are one."""
    lines = []
    for line in expected.splitlines():
        parts = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", part)) for part in line.rstrip().split("…")]
        lines.append("[^\n]*".join(parts))
    return re.compile(r"\s*\n".join(lines))
