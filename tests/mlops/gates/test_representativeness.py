"""The gate on groups: none too small to judge, none far from its share of the stated population."""

from pathlib import Path

import polars as pl
import pytest

from mlops.contract.types import Column, Contract
from mlops.gates.base import Verdict
from mlops.gates.representativeness import Limits, check, measure
from tests.support.sources import given

SEX = Column("sex", "category", "context", categories=("f", "m"), sensitive=True, nullable=True)
OLD = Column("old", "flag", "context", sensitive=True)
LABEL = Column("good", "flag", "label")
STATED = Limits(reference={"sex": {"f": 0.5, "m": 0.5}})


def judged(
    folder: Path, f: int, m: int, old: int = 300, limits: Limits | None = None, *columns: Column
) -> list[Verdict]:
    rows = f + m
    frame = pl.DataFrame(
        {"x": range(rows), "sex": ["f"] * f + ["m"] * m, "old": [place < old for place in range(rows)]}
    )
    frame = frame.with_columns(good=pl.col("x") % 2 == 0)
    contract = Contract(Column("x", "number"), *(columns or (SEX, OLD)), LABEL)
    return list(check(measure(given(folder, frame, contract)), limits or Limits()))


def refused(verdicts: list[Verdict]) -> list[str]:
    return [verdict.subject for verdict in verdicts if not verdict.passed]


def test_groups_that_are_large_enough_pass_once_for_each_column(tmp_path: Path):
    verdicts = judged(tmp_path, 400, 600)
    assert [verdict.subject for verdict in verdicts] == ["sex", "old", "reference"] and not refused(verdicts)
    assert verdicts[-1].why.startswith("no shares of groups")


@pytest.mark.parametrize("f", [0, 40])
def test_a_group_too_small_to_judge_is_refused_by_name(tmp_path: Path, f: int):
    [verdict] = [verdict for verdict in judged(tmp_path, f, 900) if not verdict.passed]
    assert verdict.subject == "sex: f" and "below 50 a group cannot be judged" in verdict.why


def test_a_flag_has_two_groups(tmp_path: Path):
    assert refused(judged(tmp_path, 400, 600, old=0)) == ["old: true"]


def test_a_group_far_from_its_share_of_the_population_is_refused(tmp_path: Path):
    verdicts = judged(tmp_path, 300, 700, limits=STATED)
    assert refused(verdicts) == ["share of sex: f", "share of sex: m"]
    assert (
        verdicts[-1].why
        == "share of sex: m is 0.7 (0.6716 to 0.7284), and 0.5 in the population; 0.1 apart is allowed."
    )


@pytest.mark.parametrize(("f", "m"), [(450, 550), (400, 600), (380, 620)])
def test_a_share_that_is_near_or_not_shown_to_be_far_passes(tmp_path: Path, f: int, m: int):
    assert not refused(judged(tmp_path, f, m, limits=STATED))


def test_a_reference_to_a_group_that_is_not_there_is_refused(tmp_path: Path):
    limits = Limits(reference={"sex": {"w": 0.5, "m": 0.5}, "race": {"a": 0.9}})
    verdicts = judged(tmp_path, 500, 500, limits=limits)
    assert refused(verdicts) == ["share of sex: w", "share of race: a"]
    assert "no sensitive column has the group sex: w: did you mean `sex: m`?" in verdicts[2].why


def test_without_sensitive_columns_there_is_no_group_to_judge(tmp_path: Path):
    verdicts = judged(tmp_path, 400, 600, 300, None, Column("old", "flag"))
    assert [verdict.subject for verdict in verdicts] == ["reference"] and not refused(verdicts)


def test_a_column_that_is_sensitive_in_the_sources_only_is_refused(tmp_path: Path):
    frame = pl.DataFrame({"x": range(400), "sex": ["f", "m"] * 200, "good": [True, False, False, True] * 100})
    source, row = Contract(Column("x", "number"), SEX, LABEL), Contract(Column("x", "number"), LABEL)
    hidden, *_ = check(measure(given(tmp_path, frame, source, row)), Limits())
    assert not hidden.passed and hidden.subject == "sex"
    assert hidden.why.startswith("sex is sensitive in SOURCES and not in ROW") and "ROW" in hidden.next_step
