"""Waivers: they cover what they name as long as they last, and block when they say too much."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from mlops import settings
from mlops.errors import Misuse
from mlops.evidence import waivers
from mlops.gates.base import Context, Verdict
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
    [found] = waivers.applied([verdict], Context(known, {}, responsible_ai=folder, today=today))
    return found


def test_a_waiver_in_force_lets_the_verdict_stand_and_does_not_make_it_pass(known, tmp_path):
    found = judged(known, written(tmp_path))
    assert found.stands and not found.passed
    assert found.waiver == "fairness: selection rate of age_band*, until 2027-06-01"


def test_it_holds_on_its_last_day_and_not_after(known, tmp_path):
    folder = written(tmp_path)
    assert judged(known, folder, today=date(2027, 6, 1)).stands
    assert not judged(known, folder, today=date(2027, 6, 2)).stands


@pytest.mark.parametrize("other", [{"gate": "slices"}, {"subject": "selection rate of sex: Female, Male"}])
def test_it_covers_nothing_else(known, tmp_path, other):
    assert not judged(known, written(tmp_path), Verdict(**{**vars(FAILING), **other})).stands


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
    [mistake] = waivers.mistakes(waivers.load(folder), known, {"fairness", "waivers"}, TODAY)
    assert sentence in mistake.what
    assert (mistake.file, mistake.line) == (folder / "waivers.yaml", 2)
    assert not judged(known, folder).stands


def test_a_sound_one_is_no_mistake(known, tmp_path):
    assert not list(waivers.mistakes(waivers.load(written(tmp_path)), known, {"fairness"}, TODAY))


def test_what_cannot_be_read_is_named_at_its_line(known, tmp_path):
    with pytest.raises(Misuse, match=r"waivers\.yaml:\d+: `waivers\.0\.reason` must be a text that says something"):
        waivers.load(written(tmp_path, reason="why"))
