"""The blocks of the pages that the command line names, each page followed as the tour is, with a host of its own.
Exit code 77 when one asks for cargo, which is not installed."""
import re
import shutil
import sys
import unittest

import tour_test
from checkout import SOURCE
from markdown import blocks_of

PAGES = sys.argv[1:]


class Guide(tour_test.Tour):
    test_the_page_opens_with_a_whole_plugin = None
    test_what_it_shows_happens = None

    def follow_page(self, page):
        for block in blocks_of((SOURCE / page).read_text(encoding="utf-8")):
            with self.subTest(page=page, line=block.line, mark=block.mark):
                self.follow(block)


def test_of(page):
    return lambda self: self.follow_page(page)


for name in PAGES:
    setattr(Guide, "test_" + name.replace("/", "_").removesuffix(".md"), test_of(name))


if __name__ == "__main__":
    if not shutil.which("cargo") and any(re.search("^cargo ", (SOURCE / page).read_text(encoding="utf-8"), re.M) for page in PAGES):
        print("skipped: cargo is not installed")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2, failfast=True)
