"""Draws trade-off.svg: what each strength of the mitigation does for groups of people, and what it costs.

Run `python docs/trade_off.py` again when model or data change. It learns from a part of the training rows and measures
on the others: a strength is chosen without a look at the test rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
from matplotlib import pyplot

from mlops import settings
from mlops.gates import fairness
from mlops.settings import Settings
from mlops.specs.bind import bind
from mlops.steps import rows
from mlops.steps.package import Package, package

PROJECT = Path(__file__).parents[1]
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
GAPS = {
    "true_positive_rate by sex and age_band": "eligible who are proposed, by sex and age",
    "false_positive_rate by sex": "others who are proposed, by sex",
    "calibration by sex and age_band": "score less truth, by sex and age",
}
Figures = Mapping[str, float]


def measured() -> list[Figures]:
    """The widest gaps between groups of enough rows, and the figure of the outcome, for each strength."""
    known, job = settings.load(PROJECT / "mlops.yaml"), bind(PROJECT / "azureml/pipelines/train.yml", project=PROJECT)
    model = package(known)
    row, found = model.contract.ROW, []
    params = {field.name: job.inputs[field.name].text for field in fields(model.train.Params)}
    taught, fresh = parts(known, model, {name: Path(job.inputs[name].path) for name in model.contract.SOURCES})
    x = model.features.features(taught.x)
    for strength in STRENGTHS:
        mitigation = {"mitigation": "reweighing", "mitigation_strength": str(strength)}
        given = params | (mitigation if strength else {"mitigation": "none"})
        trained = model.train.train(x, taught.y, taught.weight, taught.groups, given, int(job.inputs["seed"].text))
        predictions = trained.predict(fresh.x)
        compared = fairness.compared(row.sensitive, row.one("label"), fresh, predictions)
        gaps = {each.subject: widest(each) for each in compared}
        outcome = model.evaluate.outcome(fresh.y, predictions, fresh.weight)
        found.append({**{name: gaps[name] for name in GAPS}, "outcome": outcome})
    return found


def parts(known: Settings, model: Package, sources: Mapping[str, Path]) -> list[rows.Rows]:
    """The training rows to learn from, and those to measure on."""
    row, found = model.contract.ROW, []
    training, _ = rows.prepared(model, sources, known.training.test_share)
    with TemporaryDirectory() as folder:
        for part in rows.split(training, row, 0.3, salt=b"trade-off"):
            part.write_parquet(Path(folder, "part.parquet"))
            found.append(rows.read(Path(folder, "part.parquet"), row))
    return found


def widest(figures: fairness.Figures) -> float:
    large = figures.value[figures.rows >= fairness.Limits().least_rows]
    return float(large.max() - large.min())


def draw(found: Sequence[Figures], to: Path) -> None:
    """Left the gaps, right the outcome, over the strengths."""
    matplotlib.use("svg")
    pyplot.rcParams |= {"svg.hashsalt": "trade-off", "svg.fonttype": "none", "axes.grid": True, "grid.alpha": 0.3}
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    for (name, words), marker in zip(GAPS.items(), "osD", strict=True):
        left.plot(STRENGTHS, [each[name] for each in found], marker=marker, label=words)
    right.plot(STRENGTHS, [each["outcome"] for each in found], marker="o", color="black")
    left.set(title="Widest gap between two groups", xlabel="strength of the reweighing", ylim=(0, None))
    right.set(title="Eligible people in 1,000 files opened", xlabel="strength of the reweighing", ylim=(900, 1000))
    figure.legend(loc="outside lower left", frameon=False)
    figure.savefig(to, metadata={"Date": None})


if __name__ == "__main__":
    draw(measured(), PROJECT / "docs" / "trade-off.svg")
