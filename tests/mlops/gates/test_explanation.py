"""The gate on explanation: what dominates, and what tells a sensitive column and counts, is refused by name."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlops.contract.synthetic import rows
from mlops.contract.types import Column, Columns, Contract
from mlops.gates import explanation
from mlops.gates.base import Verdict
from mlops.gates.explanation import Limits
from tests.support.small_model import ROW, context

EVEN = {"age": 0.03, "income": 0.03, "job": 0.03}


def judged(
    folder: Path, falls: Mapping[str, float | None], explain=None, limits: Limits | None = None
) -> list[Verdict]:
    evaluation = {
        "importance": {name: {"auc": {"value": fall}, "outcome": {"value": 9}} for name, fall in falls.items()}
    }
    made = context(folder, evaluation=evaluation)
    tell(folder / "rows" / "test.parquet")
    if explain:
        made.predictor.explain = explain
    return list(explanation.check(explanation.measure(made), limits or Limits(most_share_of_a_proxy=0.4)))


def tell(path: Path) -> None:
    """Rows in which clerks are women and cooks are men."""
    frame = rows(ROW, 400).with_columns(sex=pl.Series(["f", "m"] * 200), job=pl.Series(["clerk", "cook"] * 200))
    other = pl.int_range(pl.len()) % 10 > 7
    frame.with_columns(job=pl.when(other).then(pl.lit("none")).otherwise("job")).write_parquet(path)


def test_a_model_that_leans_on_much_passes(tmp_path: Path):
    first, proxy = judged(tmp_path, EVEN)
    assert first.passed and proxy.passed
    assert (
        first.why == "age has more than any other feature: 33.3% of what predictions lean on; at most 80.0% is allowed."
    )
    assert (proxy.subject, proxy.measured) == ("proxies of sex", pytest.approx(1 / 3))


def test_a_feature_that_decides_alone_is_refused(tmp_path: Path):
    [first] = [verdict for verdict in judged(tmp_path, EVEN | {"income": 0.2, "age": -0.01}) if not verdict.passed]
    assert first.subject == "income" and "87.0% of what predictions lean on" in first.why
    assert "gates.explanation.most_share" in first.next_step


def test_a_proxy_that_counts_is_refused_unless_it_is_meant_to(tmp_path: Path):
    falls = EVEN | {"job": 0.06}
    [proxy] = [verdict for verdict in judged(tmp_path / "1", falls) if not verdict.passed]
    assert proxy.subject == "proxies of sex"
    assert proxy.why.startswith("sex is told, with a skill of 0 to 1, by job (0.8")
    assert proxy.why.endswith("50.0% of what predictions lean on; at most 40.0% is allowed.")
    allowed = Limits(allowed={"job": 0.55}, reason="the job is what is asked for")
    verdicts = judged(tmp_path / "2", falls, limits=allowed)
    assert [(verdict.subject, verdict.passed) for verdict in verdicts] == [("job", True), ("job as sex", True)]


def test_proxies_of_one_column_are_judged_together():
    shares = {"job": 0.09, "school": 0.08, "hobby": 0.07, "age": 0.76}
    tells = {"job": ("sex", 0.5), "school": ("sex", 0.3), "hobby": ("race", 0.4), "age": ("sex", 0.1)}
    _, sex, race = explanation.check(explanation.Measured(shares, tells), Limits())
    assert (sex.subject, sex.passed, race.subject, race.passed) == ("proxies of sex", False, "proxies of race", True)
    assert sex.why.startswith("sex is told, with a skill of 0 to 1, by job (0.50), school (0.30): 17.0% of what")
    alone = Limits(allowed={"job": 0.1}, reason="the job is what is asked for")
    assert all(verdict.passed for verdict in explanation.check(explanation.Measured(shares, tells), alone))


def test_what_the_reasons_say_counts_where_it_is_more(tmp_path: Path):
    def explain(x: Columns) -> Columns:
        return {"reason.job": np.where(x["job"] == 1, 5.0, 0.0), "reason.age": np.full(len(x["age"]), 40.0)}

    refusing = [verdict for verdict in judged(tmp_path, EVEN, explain) if not verdict.passed]
    assert [(verdict.subject, verdict.measured) for verdict in refusing] == [("job", 1.0), ("proxies of sex", 1.0)]


def test_a_sensitive_feature_is_judged_as_such(tmp_path: Path):
    row = Contract(Column("sex", "flag", sensitive=True), Column("age", "number"), Column("good", "flag", "label"))
    made = context(
        tmp_path, row=row, evaluation={"importance": {"sex": {"auc": {"value": 1}}, "age": {"auc": {"value": 1}}}}
    )
    [_, sex] = explanation.check(explanation.measure(made), Limits())
    assert not sex.passed and sex.why.startswith("sex is told, with a skill of 0 to 1, by sex (1.00): 50.0% of what")


def test_without_a_sensitive_column_nothing_is_a_proxy(tmp_path: Path):
    row = Contract(Column("age", "number"), Column("good", "flag", "label"))
    made = context(tmp_path, row=row, evaluation={"importance": {"age": {"auc": {"value": 0.1}}}})
    first, proxies = explanation.check(explanation.measure(made), Limits(most_share=1))
    assert first.passed and proxies.passed and proxies.why.startswith("no feature tells a sensitive column")


def test_an_importance_without_a_value_is_no_measurement(tmp_path: Path):
    with pytest.raises(TypeError):
        judged(tmp_path, EVEN | {"job": None})
