"""Challengers, good and bad, on real processes with callers who never stop."""

import json
import time
from typing import Any

import pytest

from mlops.release import start
from tests.mlops.release.shops import Shop, eventually


def test_a_good_challenger_goes_to_full_by_ticks_that_know_nothing_of_each_other(served: Shop):
    shares = [{"share": share, "requests": 20, "hours": 1} for share in (10, 30, 50, 100)]
    served.set("release", ladder=[{"mirror": 50, "requests": 30, "hours": 1}, *shares])
    served.controller.tick()
    old = served.champion
    started = served.mlops("release", "start", served.register())
    assert started.returncode == 0, started.stdout + started.stderr
    ticks = list[str]()
    with served.callers() as calls:
        while len(ticks) < 20 and "champion" not in ticks:
            done = served.mlops("release", "tick", "--json")
            assert done.returncode == 0, done.stdout + done.stderr
            ticks.append(json.loads(done.stdout)["act"])
        new = served.champion
        time.sleep(0.1)
    assert [act for act in ticks if act != "wait"] == ["advance"] * 4 + ["champion"]
    assert served.endpoint.state().traffic == {new: 100}
    assert (old != new, calls.failed, calls.broken) == (True, set(), 0)
    assert served.endpoint.state().deployments[old].state == "healthy"
    said = served.mlops("release", "history").stdout
    assert said.index("the smoke test passed.") < said.index("no guard shows anything:") < said.rindex("champion")


LIVE = [{"share": 30, "requests": 60, "hours": 1}, {"share": 100, "requests": 20, "hours": 1}]


@pytest.mark.parametrize(
    ("facts", "ladder", "why"),
    [
        ({"seconds": 0.3}, None, "latency: "),
        ({"shift": 0.6}, None, "shift: "),
        ({"throw": 0.5}, LIVE, "errors: "),
        ({"dies": True}, None, "it did not start. "),
    ],
    ids=["slow", "otherwise", "throws", "dies"],
)
def test_a_bad_challenger_is_rolled_back_and_fails_nobody_who_was_not_its_own(
    served: Shop, facts: dict[str, Any], ladder: list[dict[str, Any]] | None, why: str
):
    if ladder:
        served.set("release", ladder=ladder)
    served.controller.tick()
    champion = served.champion
    reference = served.register(facts)
    with served.callers() as calls:
        start.start(served.controller, reference)
        done = served.tick()
        before = calls.answers.total()
        eventually(lambda: calls.answers.total() > before + 20)
    assert (done.act, done.status) == ("rollback", 1)
    assert done.why.startswith(why)
    found = served.endpoint.state()
    assert (served.champion, found.traffic, found.mirror) == (champion, {champion: 100}, {})
    challenger = served.entries[-1].says["deployment"]
    assert calls.failed <= ({challenger} if ladder else set())
    assert calls.broken == 0
    if ladder:
        answered = sum(count for (_, name), count in calls.answers.items() if name == challenger)
        assert 0 < sum(count for (status, _), count in calls.answers.items() if status >= 500) <= answered
        assert answered < 0.5 * calls.answers.total()
    assert served.controller.tick().act == "nothing"
    assert found.deployments[challenger].state == ("failed" if "dies" in facts else "healthy")
