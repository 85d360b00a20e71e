"""A ladder says how long it takes, and is refused where it cannot see what it promises to see."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mlops import settings
from mlops.errors import Misuse
from mlops.release.plan import HEADS, Planned, plan, rows
from mlops.release.sequential import shares
from tests.support.project import Project

LADDER = """
release:
  ladder:
    - {{mirror: 20, requests: {first}, hours: 48}}
    - {{share: {share}, requests: 9000, hours: {hours}}}
    - {{share: {last}, requests: 100, hours: 48}}
  guards:
    errors: {{allowed: 0.005, detects: {detects}}}
"""


def planned(reference: Project, folder: Path, **other) -> list[Planned]:
    given = {"first": 9000, "share": 10, "hours": 48, "last": 100, "detects": 0.03, **other}
    file = folder / "mlops.yaml"
    file.write_text((reference.path / "mlops.yaml").read_text() + LADDER.format(**given))
    return plan(settings.load(file))


def test_the_ladder_that_comes_with_the_project_sees_what_it_promises(reference: Project):
    found = plan(settings.load(reference.path / "mlops.yaml"))
    table = [dict(zip(HEADS, row, strict=True)) for row in rows(found)]
    assert [row["step"] for row in table] == ["20 % copied", "10 %", "50 %", "100 %"]
    assert [row["takes"] for row in table] == ["10 min", "21 min", "7 min", "1 min"]
    assert all(each.needed["errors"] < each.step.requests for each in found[:-1])
    assert found[-1].needed == {}
    assert [row["errors after"] == "not compared" for row in table] == [False, False, False, True]
    never = replace(found[0], needed=dict.fromkeys(found[0].needed, np.inf))
    assert [*rows([never])][0][4:] == ("never",) * 4


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first": 500}, r"step 1 catches what `errors` promises only after 1,\d+ requests: raise its `requests`, or"),
        ({"first": 300}, r"step 1 catches what `latency` promises only after \d+ requests: raise its `requests`, or"),
        ({"detects": 0.0051}, "step 1 catches what `errors` promises never: raise its `requests`, or `guards.errors."),
        ({"hours": 1}, "step 2 takes 1.25 hours at 20 requests per second, and has 1: raise its `hours`, or lower"),
        ({"last": 50}, "must end with `share: 100`, and have it only there."),
        ({"share": 100, "last": 100}, "must end with `share: 100`, and have it only there."),
        ({"share": 60, "last": 50}, "goes down: copies come before shares, and shares only grow."),
    ],
)
def test_a_ladder_that_cannot_do_what_it_says_is_refused_at_its_line(reference: Project, tmp_path, wrong, sentence):
    with pytest.raises(Misuse) as refusal:
        planned(reference, tmp_path, **wrong)
    line = (tmp_path / "mlops.yaml").read_text().split("\n").index("  ladder:") + 1
    assert re.search(rf"mlops.yaml:{line}: `release.ladder` {sentence}", str(refusal.value))


def test_what_is_allowed_is_not_caught(reference: Project, tmp_path):
    with pytest.raises(Misuse, match="`release.guards.errors`: `detects` must be more than `allowed`."):
        planned(reference, tmp_path, detects=0.005)


def test_without_an_online_service_there_is_no_ladder(reference: Project, tmp_path):
    text = (reference.path / "mlops.yaml").read_text()
    (tmp_path / "mlops.yaml").write_text(re.sub(r"  online:\n(    .*\n)+", "", text))
    with pytest.raises(Misuse, match="without `service.online` there are no requests to share"):
        plan(settings.load(tmp_path / "mlops.yaml"))


def test_after_the_requests_that_are_named_nine_of_ten_are_caught(reference: Project):
    [first, *_] = plan(settings.load(reference.path / "mlops.yaml"))
    requests, rng = int(first.needed["errors"]), np.random.default_rng(0)
    here, there = rng.binomial(requests, 0.035, 4000), rng.binomial(5 * requests, 0.005, 4000)
    of = np.full(4000, requests)
    low, _ = shares(here, of, there, 5 * of, np.full(4000, 0.05 / 4 / 4 / 2))
    assert 0.88 < (low > 0.005).mean() < 0.96


def test_the_command_prints_the_table(reference: Project):
    done = reference.mlops("release", "plan")
    assert done.returncode == 0, done.stderr
    assert "20 % copied" in done.stdout
    assert "errors after" in done.stdout
