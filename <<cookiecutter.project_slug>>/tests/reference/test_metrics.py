"""Each metric against scikit-learn, with weights and ties; the business figure against cases done by hand."""

import numpy as np
import pytest
from sklearn import metrics as reference


def sample(seed, rows=500, ties=False):
    """Truth, predictions and weights as a bootstrap draws them: whole numbers, many of them 0."""
    random = np.random.default_rng(seed)
    y = (random.random(rows) < 0.7).astype(np.int8)
    score = np.clip(0.25 + 0.4 * y + random.normal(0, 0.2, rows), 0, 1)
    score = score.round(1) if ties else score
    return y, {"score": score, "decision": (score >= 0.6).astype(np.int8)}, random.poisson(1.0, rows).astype(float)


REFERENCES = {
    "auc": lambda y, p, w: reference.roc_auc_score(y, p["score"], sample_weight=w),
    "average_precision": lambda y, p, w: reference.average_precision_score(y, p["score"], sample_weight=w),
    "brier": lambda y, p, w: reference.brier_score_loss(y, p["score"], sample_weight=w),
    "precision": lambda y, p, w: reference.precision_score(y, p["decision"], sample_weight=w),
    "recall": lambda y, p, w: reference.recall_score(y, p["decision"], sample_weight=w),
    "f1": lambda y, p, w: reference.f1_score(y, p["decision"], sample_weight=w),
    "accuracy": lambda y, p, w: reference.accuracy_score(y, p["decision"], sample_weight=w),
    "selection_rate": lambda y, p, w: np.average(p["decision"], weights=w),
}


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", REFERENCES)
def test_metrics_agree_with_scikit_learn(model, name, ties):
    for seed in range(5):
        y, predictions, weight = sample(seed, ties=ties)
        assert model.evaluate.METRICS[name](y, predictions, weight) == pytest.approx(
            REFERENCES[name](y, predictions, weight), abs=1e-12
        )


def test_every_metric_but_calibration_has_a_reference(model):
    assert set(model.evaluate.METRICS) == {*REFERENCES, "calibration_error"}


def test_a_weight_counts_like_that_many_rows(model):
    y, predictions, weight = sample(3)
    times = weight.astype(int)
    repeated = {name: values.repeat(times) for name, values in predictions.items()}
    for metric in (*model.evaluate.METRICS.values(), model.evaluate.outcome):
        drawn = metric(y.repeat(times), repeated, np.ones(times.sum()))
        assert metric(y, predictions, weight) == pytest.approx(drawn, abs=1e-9), metric


def test_calibration_error_is_the_distance_within_ten_bins_of_equal_weight(model):
    y, predictions, _ = sample(5)
    bins = np.array_split(np.argsort(predictions["score"]), 10)
    expected = np.mean([abs(predictions["score"][rows].mean() - y[rows].mean()) for rows in bins])
    assert model.evaluate.calibration_error(y, predictions, np.ones(len(y))) == pytest.approx(expected)


def test_calibration_error_of_one_score_for_all_is_its_distance_from_the_share(model):
    y = np.array([1, 1, 1, 0])
    assert model.evaluate.calibration_error(y, {"score": np.full(4, 0.6)}, np.ones(4)) == pytest.approx(0.15)


def test_a_metric_without_a_value_is_nan(model):
    one_class = np.ones(4, np.int8)
    predictions = {"score": np.full(4, 0.2), "decision": np.zeros(4, np.int8)}
    assert np.isnan(model.evaluate.auc(one_class, predictions, np.ones(4)))
    assert np.isnan(model.evaluate.precision(one_class, predictions, np.ones(4)))
    assert np.isnan(model.evaluate.recall(1 - one_class, predictions, np.ones(4)))


Y = np.array([1, 1, 0, 0])


@pytest.mark.parametrize(
    ("score", "figure"),
    [
        ([4, 3, 2, 1], 1000),
        ([1, 2, 3, 4], 0),
        ([4, 1, 3, 2], 500),
        ([1, 1, 1, 1], 500),
        ([4, 2, 2, 1], 750),
    ],
)
def test_the_business_figure_counts_the_eligible_in_the_first_half(model, score, figure):
    assert model.evaluate.outcome(Y, {"score": np.array(score)}, np.ones(4)) == pytest.approx(figure)


def test_the_business_figure_follows_the_value_where_there_is_one(model):
    predictions = {"score": np.array([1, 2, 3, 4]), "value": np.array([4, 3, 2, 1])}
    assert model.evaluate.outcome(Y, predictions, np.ones(4)) == 1000


def test_today_opens_first_what_came_first(model):
    today = model.evaluate.today({"received": np.array([10.0, 20.0, 30.0, 40.0])})
    assert model.evaluate.outcome(Y, today, np.ones(4)) == 1000
    assert model.evaluate.outcome(Y[::-1], today, np.ones(4)) == 0


def test_the_model_finds_more_eligible_than_today(model, predictor, fresh):
    by_model = model.evaluate.outcome(fresh.y, predictor.predict(fresh.x), fresh.weight)
    assert by_model > model.evaluate.outcome(fresh.y, model.evaluate.today(fresh.every), fresh.weight) + 100
