"""The checks of cards see what they are for, and a text in Markdown is only a text."""

import re
from html import unescape

import pytest

from mlops.evidence.cards import render
from tests.mlops.evidence.markdown import blank, uneven

TEXTS = ("1. a", "12)", "- a", "+", "# a", "a_b _c_ `d`", "a\\", "~~a~~", "* a", "&amp;", "1.5")


def test_the_checks_of_this_file_see_what_they_are_for():
    assert blank("# A\n\n## B\n\n## C\n\n### D\n\nText.\n\n- **Owner:** \n") == ["## B", "- **Owner:** "]
    assert blank("# A\n\n## B\n") == ["## B"]
    assert uneven("| a | b |\n|---|---|\n| 1 | 2 | 3 |\n\n| c |\n|---|\n") == ["| 1 | 2 | 3 |", "| c |"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_it_was_written(text: str):
    assert unescape(re.sub("<.*?>|\n", "", render.html(render.escaped(text))[1])) == text
