"""Every figure has a value, counts by weight, and is there when mlops.yaml sets a limit for it."""

import numpy as np
import pytest

from mlops.gates.run import discover
from mlops.stats import paired


@pytest.fixture(scope="module")
def figures(model):
    return {**model.evaluate.METRICS, "outcome": model.evaluate.outcome}


@pytest.fixture(scope="module")
def predictions(predictor, fresh):
    return predictor.predict(fresh.x)


def test_every_figure_is_finite(figures, predictions, baselines, fresh):
    for each in (predictions, *(baseline.predict(fresh.x) for baseline in baselines.values())):
        for name, figure in figures.items():
            value = figure(fresh.y, each, fresh.weight)
            assert isinstance(value, float) and not np.isinf(value), name
    assert all(np.isfinite(figure(fresh.y, predictions, fresh.weight)) for figure in figures.values())


def test_todays_process_has_the_business_figure_too(model, fresh):
    if not hasattr(model.evaluate, "today"):
        pytest.skip("evaluate.py does not say how today's process works")
    assert np.isfinite(model.evaluate.outcome(fresh.y, model.evaluate.today(fresh.every), fresh.weight))


def test_twice_the_weight_of_every_row_changes_no_figure(figures, predictions, fresh):
    for name, figure in figures.items():
        once, twice = (figure(fresh.y, predictions, times * fresh.weight) for times in (1, 2))
        assert twice == pytest.approx(once, rel=1e-9), name


def test_a_weight_counts_like_that_many_rows(figures, predictions, fresh):
    times = np.random.default_rng(0).poisson(1.0, len(fresh.y))
    repeated = {name: values.repeat(times) for name, values in predictions.items()}
    for name, figure in figures.items():
        drawn = figure(fresh.y.repeat(times), repeated, np.ones(times.sum()))
        assert figure(fresh.y, predictions, times.astype(float)) == pytest.approx(drawn, rel=1e-9), name


def test_the_order_of_rows_changes_no_figure(figures, predictions, fresh):
    back = {name: values[::-1] for name, values in predictions.items()}
    for name, figure in figures.items():
        expected = figure(fresh.y, predictions, fresh.weight)
        assert figure(fresh.y[::-1], back, fresh.weight[::-1]) == pytest.approx(expected, rel=1e-9), name


def test_every_limit_is_for_something_that_is_measured(model, known_settings, limits):
    assert {*limits.floors, *limits.ceilings} <= set(model.evaluate.METRICS)
    assert not limits.beats_today or hasattr(model.evaluate, "today")
    gates = discover(model.name)
    assert set(known_settings.gates) <= set(gates)
    for name, gate in gates.items():
        known_settings.limits(name, gate.Limits)


def test_no_baseline_is_clearly_better_than_the_model(model, limits, predictions, baselines, fresh):
    """Fewer rows than in a run: a model fails here when even the better end of the interval is no improvement."""
    assert baselines and limits.beats_baselines_on
    metrics = {name: model.evaluate.METRICS[name] for name in limits.beats_baselines_on}
    for baseline, each in baselines.items():
        differences = paired(metrics, fresh.y, predictions, each.predict(fresh.x), fresh.weight)
        for name, difference in differences.items():
            assert difference.low is not None and difference.high is not None
            better = difference.high > 0 if name in limits.floors else difference.low < 0
            assert better, (name, baseline, difference)
