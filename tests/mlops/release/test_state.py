"""What was decided comes to: who is in service, where a rollback goes, who lost, and who stays deployed."""

import json
from dataclasses import asdict

import pytest

from mlops.evidence.statements import Statement
from mlops.platform.endpoint import Edges
from mlops.release.settings import Release
from mlops.release.state import Story, told
from mlops.settings import Online

SETTINGS = {
    "settings": Release().model_dump(mode="json"),
    "online": Online(p95_ms=100, availability=0.99, requests_per_second=20).model_dump(mode="json"),
    "edges": asdict(Edges((1.0,), "score", (0.5,))),
}
KINDS = {"release": "release", "redeploy": "release", "advance": "decision", "back": "champion"}


def story(history: str) -> Story:
    """After `WHAT NUMBER`s, a minute apart; `back` is a person's rollback to a version, `redeploy` one that takes
    longer."""
    decided = list[Statement]()
    for minute, act in enumerate(history.split(", ")):
        what, number = act.split()
        says = {"model": f"shop:{number}", "deployment": f"m{number}", "image": "image", "why": act, "step": 0}
        says |= {"time": f"2026-11-01T10:{minute:02}:00+00:00", "act": what, "traffic": {}, "mirror": {}}
        says |= SETTINGS | {"straight": what == "redeploy"} if "re" in what else {}
        says |= {"who": "a person"} if what in ("release", "redeploy", "back") else {}
        decided.append(Statement(KINDS.get(what, what), {"shop": number * 64}, json.loads(json.dumps(says))))
    return told(decided)


@pytest.mark.parametrize(
    ("history", "before", "lost"),
    [
        ("champion 1", None, {}),
        ("champion 1, champion 2", "1", {}),
        ("champion 1, champion 2, back 1", None, {"2": "back 1"}),
        ("champion 1, champion 2, back 1, back 2", "1", {"1": "back 2"}),
        ("champion 1, champion 3, champion 2, back 1, back 3, back 2", "3", {"1": "back 3", "3": "back 2"}),
        ("champion 1, champion 2, redeploy 1, champion 1", None, {"2": "redeploy 1"}),
        ("champion 1, release 2, advance 2, rollback 2", None, {"2": "rollback 2"}),
        ("champion 1, release 2, rollback 2, release 2, advance 2", None, {}),
        ("champion 1, release 2, rollback 2, release 2, advance 2, champion 2", "1", {}),
        ("champion 1, champion 2, back 1, release 2, advance 2, champion 2", "1", {}),
    ],
)
def test_where_a_rollback_goes_and_what_was_said_against_whom(history: str, before: str | None, lost: dict[str, str]):
    found = story(history)
    assert (found.before and found.before.model) == (before and f"shop:{before}")
    assert {each.model[5:]: entry.says["why"] for each, entry in found.lost.items()} == lost


@pytest.mark.parametrize(
    ("history", "leaving"),
    [
        ("champion 1, champion 3, champion 2, back 1, back 3, back 2", ""),
        ("champion 1, champion 2, champion 3, champion 4", "1"),
        ("champion 1, champion 2, champion 3, back 1", ""),
        ("champion 1, champion 2, champion 3, release 4", "1"),
        ("champion 1, champion 3, champion 2, back 1, back 2, release 3", ""),
        ("champion 1, release 2, rollback 2", ""),
        ("champion 1, champion 2, release 3, rollback 3, back 1", ""),
        ("champion 1, release 2, rollback 2, release 3", "2"),
        ("champion 1, champion 2, release 3, rollback 3", ""),
    ],
)
def test_three_are_deployed_at_most_and_first_of_all_who_a_rollback_chooses(history: str, leaving: str):
    assert [each.model[5:] for each in story(history).leaving(0)] == leaving.split()


def test_nobody_stays_for_ever():
    found = story("champion 1, champion 2, champion 3")
    assert [each.model for each in found.leaving(max(found.resting.values()))] == ["shop:1"]
    assert len(found.leaving(max(found.resting.values()) + 1)) == 2
