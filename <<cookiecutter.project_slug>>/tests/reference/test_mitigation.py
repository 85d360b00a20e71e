"""Reweighing brings groups closer together, and docs/trade_off.py shows how far and at what cost."""

from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest


@pytest.fixture(scope="module")
def reweighed(model):
    return model.train.reweighed


@pytest.fixture(scope="module")
def trade_off(project):
    spec = spec_from_file_location("trade_off", project / "docs" / "trade_off.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shares(known, weight):
    """Weighted share of the eligible among women and men of each age."""
    groups = np.stack([known.groups["sex"], known.groups["age_band"]])
    members = [(groups == group[:, None]).all(axis=0) for group in np.unique(groups, axis=1).T]
    return np.array([np.average(known.y[member], weights=weight[member]) for member in members])


def test_with_its_whole_strength_the_eligible_have_the_same_share_in_each_group(reweighed, known):
    weight = reweighed(known.y, known.weight, known.groups, 1.0)
    assert np.ptp(shares(known, known.weight)) > 0.3
    np.testing.assert_allclose(shares(known, weight), known.y.mean(), atol=1e-12)


def test_with_half_of_it_the_shares_come_closer(reweighed, known):
    half = reweighed(known.y, known.weight, known.groups, 0.5)
    assert np.ptp(shares(known, half)) < np.ptp(shares(known, known.weight))
    np.testing.assert_array_equal(reweighed(known.y, known.weight, known.groups, 0.0), known.weight)


def test_a_row_without_weight_keeps_none(reweighed, known):
    weight = np.where(known.y == 1, known.weight, 0.0)
    assert (reweighed(known.y, weight, known.groups, 1.0) == weight).all()


def test_the_mitigated_model_treats_groups_more_alike_and_costs_little(trade_off, known, fresh, monkeypatch, tmp_path):
    monkeypatch.setattr(trade_off, "parts", lambda *_: [known, fresh])
    monkeypatch.setattr(trade_off, "STRENGTHS", (0.0, 1.0))
    none, whole = trade_off.measured()
    eligible = "true_positive_rate by sex and age_band"
    assert whole[eligible] < none[eligible] - 0.02
    assert whole["outcome"] > none["outcome"] - 10

    trade_off.draw([none, whole], tmp_path / "one.svg")
    trade_off.draw([none, whole], tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert all(words in (tmp_path / "one.svg").read_text() for words in trade_off.GAPS.values())
