"""The blocks of the page that the command line names, followed as those of the tour are."""
import sys
import unittest

import tour_test
from checkout import SOURCE
from markdown import blocks_of

PAGE = sys.argv.pop(1)


class Guide(tour_test.Tour):
    test_the_page_opens_with_a_whole_plugin = None
    test_what_it_shows_happens = None

    def test_what_the_page_shows_happens(self):
        for block in blocks_of((SOURCE / PAGE).read_text(encoding="utf-8")):
            with self.subTest(page=PAGE, line=block.line, mark=block.mark):
                self.follow(block)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
