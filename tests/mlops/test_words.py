"""What people write on a command line, and how values are shown to them."""

import pytest

from mlops.errors import Misuse
from mlops.words import counted, letters, pairs, shown


def test_names_and_values_are_read_up_to_the_first_equals_sign():
    assert pairs("--set", ["a=1", "b=", "path=x=y"]) == {"a": "1", "b": "", "path": "x=y"}


def test_a_text_without_a_value_is_refused_with_its_option():
    with pytest.raises(Misuse, match="--source rows: write it as NAME=VALUE"):
        pairs("--source", ["a=1", "rows"])


def test_a_name_that_is_given_twice_is_refused():
    with pytest.raises(Misuse, match="--set a: it is given twice. Keep one."):
        pairs("--set", ["a=1", "b=2", "a=1"])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Of 5 rows.", 7), ("", 0), ("... __", 0), ("TODO: ask a lawyer", 0), ("We do. TODO ask", 4), ("tbd", 0),
        (" - todo.", 0), ("todo: explain", 0), ("para todo el mundo", 15),
    ],
)  # fmt: skip
def test_words_that_put_an_answer_off_are_none(text: str, count: int):
    assert letters(text) == count


@pytest.mark.parametrize(
    ("count", "thing", "said"), [(1, "row", "1 row"), (2000, "row", "2,000 rows"), (2, "class", "2 classes")]
)
def test_a_count_is_in_words(count: int, thing: str, said: str):
    assert counted(count, thing) == said


def test_a_value_is_short_and_a_text_in_quotes():
    assert shown("x" * 50) == repr("x" * 39 + "…")
    assert (shown(0.1), shown(1e20), shown(3)) == ("0.1", "1e+20", "3")
