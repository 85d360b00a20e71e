"""Expressions in commands: textual, once, and never silently wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops.errors import Misuse
from mlops.specs.expressions import render

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(max_size=20)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run ${{inputs.a}}", "run one two"),
        ("run ${{  inputs.a\n}}", "run one two"),
        ('run "--x: ${{inputs.a}}" [${{inputs.b}}, ${{inputs.b}}]', 'run "--x: one two" [$HOME, $HOME]'),
        (
            "run $RANK ${RANK} $(date) $((1 + 1)) > ${{outputs.o}}/log",
            "run $RANK ${RANK} $(date) $((1 + 1)) > /out/log",
        ),
        ("run $[[--a ${{inputs.a}}]] end", "run --a one two end"),
        ("run $[[--c ${{inputs.c}}]] end", "run  end"),
        ("run $[[a=${{inputs.a}}\n c=${{inputs.c}}]]end", "run end"),
        ("run $[[--b ${{inputs.b}}]]$[[--c ${{ inputs.c }}]]", "run --b $HOME"),
        ("if [[ -n $X ]]; then run; fi", "if [[ -n $X ]]; then run; fi"),
        ("run $[[inputs.c]]", "run inputs.c"),
        ("one\ntwo ${{inputs.a}}\n", "one\ntwo one two\n"),
    ],
)
def test_a_command_is_rendered_by_plain_substitution(command: str, expected: str) -> None:
    assert render(command, {"a": "one two", "b": "$HOME"}, {"o": "/out"}) == expected


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("${{inputs.rate}}", "`${{inputs.rate}}` names nothing here: did you mean `inputs.rates`?"),
        ("${{ parent.inputs.rates }}", "`${{ parent.inputs.rates }}` names nothing here: did you mean `inputs.rates`?"),
        ("${{outputs.xyz}}", "`${{outputs.xyz}}` names nothing here: there is `inputs.rates`."),
        ("${{}}", "`${{}}` names nothing here"),
        ("run ${{inputs.rates} x", "an expression that starts with `${{` does not end with `}}`."),
    ],
)
def test_an_expression_that_names_nothing_is_an_error_in_words(command: str, sentence: str) -> None:
    with pytest.raises(Misuse) as caught:
        render(command, {"rates": "1"}, {})
    assert str(caught.value).startswith(sentence)


@given(st.dictionaries(NAMES, TEXTS), st.dictionaries(NAMES, TEXTS), st.data())
def test_each_expression_becomes_its_text_and_the_rest_stays(inputs: dict, outputs: dict, data: st.DataObject) -> None:
    plain = st.text(st.characters(exclude_characters="${}[]"), max_size=10).map(lambda text: (text, text))
    named = [(f"inputs.{name}", text) for name, text in inputs.items()]
    named += [(f"outputs.{name}", text) for name, text in outputs.items()]
    spaces = st.sampled_from(["", " ", "  "])
    pieces = plain
    if named:
        expression = st.builds(
            lambda of, a, b: (f"${{{{{a}{of[0]}{b}}}}}", of[1]), st.sampled_from(named), spaces, spaces
        )
        pieces = plain | expression
    parts = data.draw(st.lists(pieces, max_size=8))
    rendered = render("".join(part for part, _ in parts), inputs, outputs)
    assert rendered == "".join(text for _, text in parts)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=6))
def test_a_block_stays_exactly_when_all_its_inputs_are_set(blocks: list[tuple[str, bool]]) -> None:
    given_inputs = {name: name.upper() for name, is_set in blocks if is_set}
    command = "".join(f"$[[--{name} ${{{{inputs.{name}}}}} ]]" for name, _ in blocks)
    kept = [name for name, _ in blocks if name in given_inputs]
    assert render(command, given_inputs, {}) == "".join(f"--{name} {name.upper()} " for name in kept)
