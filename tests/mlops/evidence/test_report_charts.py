"""The points of charts, which groups are served worst, and where the boxes of a lineage stand."""

import numpy as np
import pytest

from mlops.evidence.report.curves import curves, ticks
from mlops.evidence.report.groups import gaps
from mlops.evidence.report.lineage import boxes, graph
from mlops.evidence.report.render import figure, plain
from mlops.gates.quality import Limits

FLAG = {"dtype": "flag", "categories": ()}


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray]:
    """Scores that are the probability of being positive."""
    random = np.random.default_rng(5)
    score = random.random(20_000)
    return (random.random(20_000) < score).astype(int), score


def test_the_roc_curve_of_true_probabilities_has_their_area(scored):
    y, score = scored
    points = np.array(curves(FLAG, y, {"score": score}, np.ones(len(y)))["roc"].lines["model"])
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(5 / 6, abs=0.01)


def test_scores_that_are_probabilities_lie_on_the_diagonal_and_others_do_not(scored):
    y, score = scored
    for scale, far in ((1.0, False), (0.5, True)):
        rows = curves(FLAG, y, {"score": score * scale}, np.ones(len(y)))["calibration"].rows
        assert sum(row[2] for row in rows) == len(y)
        assert (max(abs(mean - share) for mean, share, _ in rows) > 0.1) is far


def test_scores_outside_0_and_1_have_no_calibration(scored):
    y, score = scored
    assert "calibration" not in curves(FLAG, y, {"score": 9 * score - 4}, np.ones(len(y)))


def test_the_row_of_the_threshold_in_use_says_what_the_decisions_do(scored):
    y, score = scored
    decision, weight = (score >= 0.7).astype(int), np.tile([1.0, 3.0], 10_000)
    found = curves(FLAG, y, {"score": score, "decision": decision}, weight)
    [row] = [row for row in found["thresholds"].rows if row[0] == found["thresholds"].lines["used"][0][0]]
    chosen = weight * decision
    shares = ((chosen * y).sum() / chosen.sum(), (chosen * y).sum() / (weight * y).sum(), chosen.sum() / weight.sum())
    assert row[1:] == pytest.approx(shares)
    counts = np.array(found["confusion"]["counts"])
    assert counts[1, 1] == pytest.approx((chosen * y).sum())
    assert counts.sum() == pytest.approx(weight.sum())


def test_one_class_or_no_score_has_no_curve():
    ones = np.ones(10)
    assert curves(FLAG, ones.astype(int), {"score": ones / 2}, ones) == {}
    assert curves(FLAG, np.tile([0, 1], 5), {}, ones) == {}


@pytest.mark.parametrize("constant", [False, True])
def test_a_number_is_shown_against_what_was_predicted(constant: bool):
    y = np.full(500, 7.0) if constant else np.arange(500.0)
    found = curves({"dtype": "number", "categories": ()}, y, {"value": y}, np.ones(500))
    assert found.keys() == {"actual", "errors"}
    assert all(predicted == actual for predicted, actual in found["actual"].lines["rows"])
    assert sum(count for _, count in found["errors"].rows) == 500


@pytest.mark.parametrize("values", [(0, 1), (0.1, 0.13), (-3, 0.2), (5, 5), (0, 0), (977, 1e6), (-0.02, -0.01)])
def test_ticks_enclose_the_values_at_even_steps(values):
    found = ticks(*values)
    assert found[0] <= min(values)
    assert found[-1] >= max(values)
    assert 2 <= len(found) <= 12
    assert np.allclose(np.diff(found), found[1] - found[0])


def group(value: float, half: float, small: bool = False) -> dict:
    return {
        "rows": 500,
        "too_small": small,
        "metrics": {"auc": {"value": value, "low": value - half, "high": value + half}},
    }


def test_the_gap_is_between_groups_that_are_large_enough():
    groups = {"sex": {"f": group(0.9, 0.01), "m": group(0.8, 0.01), "x": group(0.1, 0.05, small=True)}}
    [gap] = gaps(groups, Limits(floors={"auc": 0.85}))
    assert (gap["worst"], gap["best"], gap["apart"], gap["missed"]) == ("m", "f", True, True)
    [gap] = gaps(groups, Limits(ceilings={"auc": 0.95}))
    assert (gap["worst"], gap["best"], gap["missed"]) == ("f", "m", False)


def test_a_gap_that_may_be_noise_comes_last():
    groups = {"a": {"f": group(0.9, 0.2), "m": group(0.7, 0.2)}, "b": {"f": group(0.9, 0.01), "m": group(0.8, 0.01)}}
    assert [(gap["column"], gap["apart"]) for gap in gaps(groups, Limits(floors={"auc": 0.5}))] == [
        ("b", True), ("a", False),
    ]  # fmt: skip
    assert gaps({"a": {"f": group(0.9, 0.1)}}, Limits(floors={"auc": 0.5})) == []


def test_a_metric_without_an_interval_in_a_group_leaves_its_other_metrics_in_the_gaps():
    nobody, known = {"value": None, "low": None, "high": None}, group(0.9, 0.01)
    within = {name: known | {"metrics": {"recall": group(value, 0.01)["metrics"]["auc"], "auc": auc}}
              for name, value, auc in (("f", 0.0, nobody), ("m", 0.9, known["metrics"]["auc"]))}  # fmt: skip
    [gap] = gaps({"sex": within}, Limits(floors={"auc": 0.5, "recall": 0.5}))
    assert (gap["metric"], gap["worst"], gap["best"], gap["apart"], gap["missed"]) == ("recall", "f", "m", True, True)


def test_every_box_stands_below_what_it_was_made_from():
    def node(*inputs: str) -> dict:
        return {"state": "finished", "inputs": dict(enumerate(inputs)), "outputs": {"out": {"digest": "d" * 64}}}

    record = {
        "data": {"train": {"path": "/rows", "digest": "a" * 64}},
        "nodes": {
            "judge": node("fit.out", "read.out"),
            "fit": node("read.out"),
            "read": node("/rows"),
            "train": node(),
        },
        "outputs": {"model": "fit.out"},
    }
    found = graph(boxes(record))
    assert {key: row for key, (_, row) in found.places.items()} == {
        ("data", "train"): 0, ("step", "train"): 0, ("step", "read"): 1, ("step", "fit"): 2,
        ("step", "judge"): 3, ("model", "model"): 3,
    }  # fmt: skip
    ends = {(to, below) for _, _, to, below in found.lines}
    assert all(place in ends for key, place in found.places.items() if found.boxes[key].reads)
    assert all(below == row + 1 for _, row, _, below in found.lines)


def test_a_run_without_steps_has_an_empty_graph():
    assert graph(boxes({"nodes": {}, "outputs": {}})).rows == 0


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((981.04, 976.8, 985.1), "981"), ((0.92914, 0.92, 0.94), "0.929"), ((-0.01501, -0.017, -0.013), "−0.0150"),
        ((0.00477, 0.0128), "0.0048"), ((-0.00001, 0.4), "0.000"), ((0, 0), "0"), ((1234567.8,), "1,234,568"),
        ((None, 1.0), "unknown"),
    ],
)  # fmt: skip
def test_figures_are_rounded_for_people(values: tuple, shown: str):
    assert figure(*values) == shown


def test_limits_are_shown_as_they_were_written():
    assert [plain(value) for value in (0.88, 900, -0.05, 1234567)] == ["0.88", "900", "−0.05", "1,234,567"]
