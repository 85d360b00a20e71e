"""Waivers: they cover what they name as long as they last, and block when they say too much."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from mlops import settings
from mlops.errors import Misuse
from mlops.evidence import waivers
from mlops.gates import base
from mlops.gates.base import Context, Verdict
from mlops.stats import Interval
from tests.support.project import Project

TODAY = date(2027, 3, 1)
GOOD = {
    "gate": "fairness",
    "subject": "selection rate of age_band*",
    "reason": "Base rates differ by age; looked at again in summer.",
    "who": "owner@example.org",
    "until": date(2027, 6, 1),
}
FAILING = Verdict("fairness", "selection rate of age_band: under 25, over 64", 0.3, 0.1, False, "too far apart.")


@pytest.fixture
def known(reference: Project) -> settings.Settings:
    return settings.load(reference.path / "mlops.yaml")


def written(folder: Path, **changes: object) -> Path:
    (folder / "waivers.yaml").write_text(yaml.safe_dump({"waivers": [GOOD | changes]}))
    return folder


def judged(known: settings.Settings, folder: Path, verdict: Verdict = FAILING, today: date = TODAY) -> Verdict:
    return waivers.applied([verdict], Context(known, {}, responsible_ai=folder, today=today))[0]


def test_a_waiver_in_force_lets_the_verdict_stand_and_does_not_make_it_pass(known, tmp_path):
    found = judged(known, written(tmp_path))
    assert found.stands and not found.passed
    assert found.waiver == "fairness: selection rate of age_band*, until 2027-06-01"


def test_it_holds_on_its_last_day_and_not_after(known, tmp_path):
    folder = written(tmp_path)
    assert judged(known, folder, today=date(2027, 6, 1)).stands
    assert not judged(known, folder, today=date(2027, 6, 2)).stands


@pytest.mark.parametrize(
    "other",
    [
        {"gate": "slices"},
        {"subject": "selection rate of sex: Female, Male"},
        {"subject": "selection rate of age_band and sex: under 25 and Male, over 64 and Male"},
    ],
)
def test_it_covers_nothing_else(known, tmp_path, other):
    assert not judged(known, written(tmp_path), replace(FAILING, **other)).stands


def test_a_pair_of_columns_is_covered_where_it_is_named(known, tmp_path):
    pair = replace(FAILING, subject="selection rate of sex and age_band")
    assert not judged(known, written(tmp_path, subject="selection rate of *"), pair).stands
    assert judged(known, written(tmp_path, subject="selection rate of * and age_band"), pair).stands


@pytest.mark.parametrize(("limit", "waived", "better", "worse"), [(0.1, 0.2, 0.15, 0.21), (0.8, 0.7, 0.75, 0.69)])
def test_a_figure_is_covered_as_far_as_was_waived(known, tmp_path, limit, waived, better, worse):
    folder = written(tmp_path, no_worse_than=waived)
    for figure in (better, waived, limit):
        found = judged(known, folder, replace(FAILING, limit=limit, figure=figure))
        assert found.waiver == f"fairness: selection rate of age_band*, no worse than {waived}, until 2027-06-01"
    for figure in (worse, 2 * limit - better):
        found = judged(known, folder, replace(FAILING, limit=limit, figure=figure))
        assert not found.stands
        assert f"too far apart. The waiver `fairness: selection rate of age_band*, no worse than {waived}," in found.why
        assert f"does not cover the figure {figure:g}; `no_worse_than` sets how far." in found.why


def test_a_figure_needs_a_waiver_that_says_how_far_and_what_has_none_needs_no_such(known, tmp_path):
    found = judged(known, written(tmp_path), replace(FAILING, figure=0.3))
    assert not found.stands and "does not cover the figure 0.3; `no_worse_than` sets how far" in found.why
    found = judged(known, written(tmp_path, no_worse_than=0.4))
    assert not found.stands and "does not cover the figure none;" in found.why


def test_the_figure_of_a_gate_is_the_end_that_it_judged_by():
    interval = Interval(0.2, 0.15, 0.25)
    assert base.judged("a", "", "b", interval, "at most", 0.1).figure == 0.25
    assert base.judged("a", "", "b", interval, "at most", 0.1, show="bad").figure == 0.15


def test_one_that_no_verdict_needs_is_named_and_refuses_nothing(known, tmp_path):
    context = Context(known, {}, responsible_ai=written(tmp_path), today=TODAY)
    _, idle = waivers.applied([replace(FAILING, passed=True)], context)
    assert (idle.gate, idle.passed) == ("waivers", True)
    assert idle.why.startswith("no verdict needs the waiver `fairness: selection rate of age_band*, until 2027-06-01`")
    assert len(waivers.applied([FAILING], context)) == 1
    assert len(waivers.applied([replace(FAILING, gate="slices")], context)) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"until": date(2027, 2, 28)}, "it holds until 2027-02-28 and no longer"),
        ({"until": date(2028, 1, 1)}, "over 180 days. End it by 2027-08-28"),
        ({"subject": "*"}, "it is too broad"),
        ({"subject": "*a*"}, "it is too broad"),
        ({"who": "somebody@example.org"}, "somebody@example.org may not change gates"),
        ({"gate": "fairnes"}, "did you mean `fairness`?"),
        ({"gate": "waivers", "subject": "waivers.yaml:1"}, "cannot be waived"),
    ],
)
def test_one_that_is_not_sound_blocks_and_covers_nothing(known, tmp_path, changes, sentence):
    folder = written(tmp_path, **changes)
    [(place, mistake)] = waivers.mistakes(waivers.load(folder), known, {"fairness", "waivers"}, TODAY)
    assert sentence in f"{mistake.why} {mistake.next_step}" and mistake.next_step
    assert (place.file, place.line, mistake.subject) == (folder / "waivers.yaml", 2, "waivers.yaml:2")
    assert not judged(known, folder).stands


def test_a_sound_one_is_no_mistake(known, tmp_path):
    assert not list(waivers.mistakes(waivers.load(written(tmp_path)), known, {"fairness"}, TODAY))


def test_what_cannot_be_read_is_named_at_its_line(known, tmp_path):
    with pytest.raises(Misuse, match=r"waivers\.yaml:\d+: `waivers\.0\.reason` must be a text that says something"):
        waivers.load(written(tmp_path, reason="why"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": "TODO: find out why it is like this"}, "`waivers.0.reason`: it gives no reason; write why"),
        ({"reason": "....................."}, "`waivers.0.reason`: it gives no reason; write why"),
        ({"no_worse_than": float("inf")}, "`waivers.0.no_worse_than` must be a number"),
    ],
)
def test_a_reason_that_says_nothing_and_a_figure_without_end_are_refused(known, tmp_path, changes, sentence):
    with pytest.raises(Misuse, match=sentence):
        waivers.load(written(tmp_path, **changes))
