"""A page of the assessment, cut at its headings: checklist and model card read the same."""

from markupsafe import Markup

from mlops.evidence import assessment
from mlops.evidence.cards.model import answers

PAGE = """# Page

What it is for.

## Who decides?

> Who, and with
> what right?

A person, see [the rules](rules.md) and [the law](https://example.org).
<!-- ask again
in May -->

### In a hurry

> Who then?

Who then?

## Nobody wrote this
"""


def test_a_part_has_its_heading_line_and_answer_without_questions_and_comments():
    said = "A person, see [the rules](rules.md) and [the law](https://example.org)."
    assert [(part.anchor, part.level, part.line, part.said) for part in assessment.parts(PAGE)] == [
        ("page", 1, 1, "What it is for."),
        ("who-decides", 2, 5, said),
        ("in-a-hurry", 3, 14, ""),
        ("nobody-wrote-this", 2, 20, ""),
    ]


def test_a_card_shows_what_was_answered_and_no_links_to_files_that_stay_behind():
    said = "A person, see the rules and [the law](https://example.org)."
    assert answers({"page.md": PAGE}) == {"Who decides?": Markup(said)}
