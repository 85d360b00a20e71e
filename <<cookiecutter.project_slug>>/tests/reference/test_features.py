"""What is made of capital, and that nothing else is made of what was sent."""

import numpy as np
import pytest

from mlops.api import NULL


def test_features_pass_through_untouched(model, fresh):
    made = model.features.features(fresh.x)
    for name, values in fresh.x.items():
        np.testing.assert_array_equal(made[name], values)


def capital(gain, loss):
    return {"capital_gain": np.array([gain]), "capital_loss": np.array([loss])}


@pytest.mark.parametrize(
    ("gain", "loss", "net", "has"),
    [
        (5_000.0, 1_500.0, 3_500.0, 1),
        (0.0, 1_500.0, -1_500.0, 1),
        (0.0, 0.0, 0.0, 0),
        (1.0, 0.0, 1.0, 1),
        (np.nan, 0.0, np.nan, NULL),
        (5_000.0, np.nan, np.nan, NULL),
    ],
)
def test_capital_taken_together(model, gain, loss, net, has):
    made = model.features.features(capital(gain, loss))
    np.testing.assert_array_equal(made["capital_net"], [net])
    np.testing.assert_array_equal(made["has_capital"], [has])
    assert made["has_capital"].dtype == np.int8


def test_a_null_category_stays_null(model, fresh):
    assert (fresh.x["occupation"] == NULL).any()
    np.testing.assert_array_equal(model.features.features(fresh.x)["occupation"], fresh.x["occupation"])
