"""Writes the named blocks of a page into a folder, for plugins that the build makes of them, and prints the names of those in
C++. A block without a name, or of another kind, is an error: nobody would build it. A file that is right already stays
untouched, so that nothing is built anew."""
import pathlib
import sys

from markdown import blocks_of


def main(page, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    plugins = []
    for block in blocks_of(pathlib.Path(page).read_text(encoding="utf-8")):
        if not block.name or block.language not in ("cpp", "yaml"):
            sys.exit(f"{page}:{block.line}: nobody builds a block of this kind")
        path = folder / block.name
        if not path.exists() or path.read_text(encoding="utf-8") != block.text:
            path.write_text(block.text, encoding="utf-8")
        if block.language == "cpp":
            plugins.append(path.stem)
    print(";".join(plugins), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
