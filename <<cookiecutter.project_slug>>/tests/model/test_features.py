"""Features are made of one row alone, and nothing that was sent is changed."""

import numpy as np
import pytest

from mlops.api import NULL


def test_what_was_sent_is_untouched(model, fresh):
    before = {name: values.copy() for name, values in fresh.x.items()}
    made = model.features.features(fresh.x)
    for name, values in before.items():
        np.testing.assert_array_equal(made[name], values)
        np.testing.assert_array_equal(fresh.x[name], values)


def test_a_row_alone_gets_what_it_gets_among_others(model, fresh):
    every = model.features.features(fresh.x)
    for place in (0, 7, len(fresh.y) - 1):
        alone = model.features.features({name: values[[place]] for name, values in fresh.x.items()})
        for name, values in alone.items():
            np.testing.assert_array_equal(values, every[name][[place]])


def capital(gain, loss):
    return {"capital_gain": np.array([gain]), "capital_loss": np.array([loss])}


@pytest.mark.parametrize(
    ("gain", "loss", "net", "has"),
    [
        (5_000.0, 1_500.0, 3_500.0, 1),
        (0.0, 1_500.0, -1_500.0, 1),
        (0.0, 0.0, 0.0, 0),
        (np.nan, 0.0, np.nan, NULL),
        (5_000.0, np.nan, np.nan, NULL),
    ],
)
def test_capital_taken_together(model, gain, loss, net, has):
    made = model.features.features(capital(gain, loss))
    np.testing.assert_array_equal(made["capital_net"], [net])
    np.testing.assert_array_equal(made["has_capital"], [has])


def test_a_null_category_stays_null(model, fresh):
    assert (fresh.x["occupation"] == NULL).any()
    np.testing.assert_array_equal(model.features.features(fresh.x)["occupation"], fresh.x["occupation"])
