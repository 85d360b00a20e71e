"""A model against the one in service: on the same rows, by figures that mlops.yaml limits."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlops import carried
from mlops.contract.types import Column, Columns, Contract
from mlops.gates import quality
from mlops.gates.base import Context, Verdict
from mlops.gates.champion import Limits, check, measure
from tests.support.judged import predicting

ROW = Contract(Column("x", "number"), Column("good", "flag", "label"))
QUALITY = quality.Limits(ceilings={"brier": 0.2}, floors={"hits": 0.5}, reason="tried")


def hits(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    return float(np.average((predictions["score"] > 0.5) == y, weights=weight))


def brier(y: np.ndarray, predictions: Columns, weight: np.ndarray) -> float:
    return float(np.average((predictions["score"] - y) ** 2, weights=weight))


class Noisy:
    """Predicts the label, as far as the noise that its folder names lets it."""

    def __init__(self, noise: float) -> None:
        self.noise = noise

    @classmethod
    def load(cls, folder: Path) -> "Noisy":
        return cls(float((folder / "noise").read_text()))

    def predict(self, x: Columns) -> Columns:
        return {"score": 0.5 + (x["x"] - 0.5) * 0.8 + np.random.default_rng(1).normal(0, self.noise, len(x["x"]))}


@pytest.fixture
def context(tmp_path: Path) -> Context:
    random = np.random.default_rng(0)
    good = random.random(1000) < 0.5
    frame = pl.DataFrame({"x": good * 1.0, "good": good})
    made = predicting(tmp_path, ROW, frame, {}, quality=QUALITY)
    evaluate = SimpleNamespace(METRICS={"brier": brier, "hits": hits}, outcome=hits)
    package: Any = SimpleNamespace(predict=SimpleNamespace(Predictor=Noisy), evaluate=evaluate)
    (code := tmp_path / "small").mkdir()
    (code / "predict.py").write_text(f"from {__name__} import Noisy as Predictor\n")
    (code / "contract.py").write_text(f"from {__name__} import ROW\n")
    return replace(made, package=package)


def against(context: Context, ours: float, theirs: float | None, **limits: Any) -> list[Verdict]:
    """Verdicts on a model with so much noise, where one with so much is in service."""
    files = {**context.files, "champion": context.files["model"].with_name("champion")}
    for name, noise in (("model", ours), ("champion", theirs)):
        shutil.rmtree(files[name], ignore_errors=True)
        files[name].mkdir()
        (files[name] / "noise").write_text(str(noise))
        carried.put(context.files["rows"].with_name("small"), files[name])
    if theirs is None:
        del files["champion"]
    return list(check(measure(replace(context, files=files)), Limits(**limits)))


def test_a_better_model_passes_and_a_worse_one_is_refused(context: Context):
    [better] = against(context, 0.3, 0.6)
    assert better.passed and better.why.startswith("gain in outcome is 0.1")
    [worse] = against(context, 0.6, 0.3)
    assert not worse.passed and "`gates: {champion: {better_by: {outcome: -5}, reason: …}}`" in worse.next_step


def test_a_champion_that_the_code_of_today_cannot_load_predicts_with_its_own(context: Context):
    """One of its features is none any more, and of that category it knows less."""

    class Today(Noisy):
        @classmethod
        def load(cls, folder: Path) -> Noisy:
            if folder.name == "champion":
                raise ValueError("trained with other categories")
            return super().load(folder)

    context.package.predict.Predictor = Today
    code = context.files["rows"].with_name("small")
    (code / "contract.py").write_text(
        "from mlops.api import Column, Contract\n"
        "ROW = Contract(Column('x', 'number'), Column('was', 'category', categories=('a',)))\n"
    )
    (code / "predict.py").write_text(
        f"from {__name__} import Noisy\nclass Predictor(Noisy):\n"
        "    def predict(self, x):\n"
        "        assert sorted({*x['was'].tolist()}) == [-2, 0]\n        return super().predict(x)\n"
    )
    rows = context.files["rows"] / "test.parquet"
    pl.read_parquet(rows).with_columns(was=pl.Series(["a", "b"] * 500)).write_parquet(rows)
    [better] = against(context, 0.3, 0.6)
    assert better.passed


def test_a_gain_within_the_noise_is_none_unless_a_loss_may_be_that_great(context: Context):
    [verdict] = against(context, 0.400, 0.401)
    assert not verdict.passed
    [verdict] = against(context, 0.400, 0.401, better_by={"outcome": -0.02})
    assert verdict.passed and verdict.why.endswith("the low end must be above -0.02.")


def test_where_less_is_better_less_is_a_gain(context: Context):
    outcome, error = against(context, 0.3, 0.6, better_by={"outcome": 0.05, "brier": 0.1})
    assert outcome.passed and error.passed and error.subject == "gain in brier"
    [error] = against(context, 0.6, 0.3, better_by={"brier": 0})
    assert not error.passed


def test_a_figure_that_is_not_measured_is_refused_with_the_one_that_was_meant(context: Context):
    [verdict] = against(context, 0.3, 0.6, better_by={"hit": 0})
    assert not verdict.passed
    assert verdict.next_step == "gates.champion.better_by names it: did you mean `hits`?"


def test_the_model_that_is_in_service_passes_and_so_does_the_first(context: Context):
    [same] = against(context, 0.4, 0.4)
    assert same.passed and same.why == "it is the model that is in service."
    [first] = against(context, 0.4, None)
    assert first.passed and first.why.startswith("no model is in service yet")


def test_a_champion_may_be_what_the_registry_has_with_the_artifact_in_it(context: Context):
    champion = context.files["model"].with_name("champion")
    plain = against(context, 0.3, 0.6)
    (asset := champion.with_name("asset")).mkdir()
    champion.rename(asset / "artifact")
    files = {**context.files, "model": context.files["model"], "champion": asset}
    assert list(check(measure(replace(context, files=files)), Limits())) == plain
    files["model"] = asset / "artifact"
    [same] = check(measure(replace(context, files=files)), Limits())
    assert same.passed and same.why == "it is the model that is in service."
