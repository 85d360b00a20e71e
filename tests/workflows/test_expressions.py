"""Expressions of both CI systems have the value that they have there, and what is none is refused in a sentence."""

import pytest

from tests.workflows.documents import NotUnderstood
from tests.workflows.expressions import evaluate, fill, holds

KNOWN = {
    "vars": {"RUNNER_DEV": "", "CLIENT_DEV": "abc"},
    "github": {"event_name": "push", "event": {"pull_request": {"head": {"repo": None}}}},
    "variables": {"Build.Reason": "PullRequest"},
    "inputs": {"stack": "dev"},
}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("vars.RUNNER_DEV || 'ubuntu-24.04'", "ubuntu-24.04"),
        ("vars.RUNNER_DEV && 'ubuntu-24.04'", ""),
        ("vars['client_dev']", "abc"),
        ("github.event_name == 'PUSH' && !(1 == 2)", True),
        ("github.event.pull_request.head.repo.full_name == null", True),
        ("and(succeeded(), ne(variables['Build.Reason'], 'Manual'))", True),
        ("eq(variables['build.reason'], 'pullrequest')", True),
        ("not(contains('of $(Name)', '$('))", False),
        ("split('dev,prod', ',')", ["dev", "prod"]),
        ("upper(inputs.stack)", "DEV"),
        ("'it''s'", "it's"),
    ],
)
def test_expressions_of_both_systems_have_their_value(said: str, value: object) -> None:
    assert evaluate(said, KNOWN) == value


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("secrets.TOKEN", "there is no `secrets` here, only vars"),
        ("vars.A ||", "ends too early"),
        ("vars.A 'b'", "nothing is expected at"),
        ("upper(vars.A", "ends too early"),
        ("vars[vars.A 'b'", "']' is expected, not \"'b'\""),
        ("== 1", "'==' is no value"),
        ("unheard(1)", "the function `unheard` is not known"),
        ("vars.A ~ 1", "cannot be read from '~ 1' on"),
    ],
)
def test_expressions_that_are_none_are_refused(said: str, sentence: str) -> None:
    with pytest.raises(NotUnderstood, match=sentence):
        evaluate(said, KNOWN)


def test_a_text_has_the_values_of_the_expressions_in_it() -> None:
    assert fill({"on ${{ inputs.stack }}": ["${{ !inputs.stack }}", 1]}, KNOWN) == {"on dev": [False, 1]}


def test_a_condition_that_asks_nothing_of_those_before_wants_success() -> None:
    said = [holds(each, KNOWN, "failure") for each in ("", "1 == 1", "${{ always() }}", "failure()", "!cancelled()")]
    assert said == [False, False, True, True, True]
