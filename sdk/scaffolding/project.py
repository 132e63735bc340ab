"""The files of a project: filled in from templates/, and written where there were none."""
import re

from .places import PACKAGE
from .refusal import Refusal

SLOT = re.compile(r"@([a-z_]+)@")


def filled(text, words):
    """@name@ is replaced; a name that is not there is a fault of the scaffold."""
    return SLOT.sub(lambda slot: words[slot.group(1)], text)


def template(path, words=None):
    text = (PACKAGE / "templates" / path).read_text(encoding="utf-8")
    return filled(text, words or {})


def write_project(folder, files):
    """files: path below the folder -> text."""
    taken = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        raise Refusal(f"{folder / taken[0]} is already there; choose another folder with --output")
    if folder.exists() and not folder.is_dir():
        raise Refusal(f"{folder} is a file; choose another folder with --output")
    made = []
    try:
        for name, text in files.items():
            make_folder((folder / name).parent, made)
            # Exclusive creation: a file that appears in between is not overwritten either.
            with open(folder / name, "x", encoding="utf-8") as file:
                made.append(folder / name)
                file.write(text)
    except BaseException:
        remove(made)  # half a project would stand in the way of the next request
        raise


def make_folder(folder, made):
    if not folder.is_dir():
        make_folder(folder.parent, made)
        folder.mkdir()
        made.append(folder)


def remove(made):
    for path in reversed(made):
        try:
            path.rmdir() if path.is_dir() else path.unlink()
        except OSError:
            pass  # somebody put something into the folder meanwhile
