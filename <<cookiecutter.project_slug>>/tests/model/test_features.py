"""Features are made of one row alone, and what was sent is left as it was."""

import numpy as np


def test_what_was_sent_is_untouched(model, fresh):
    sent = {name: values.copy() for name, values in fresh.x.items()}
    model.features.features(sent)
    assert sent.keys() == fresh.x.keys()
    for name, values in fresh.x.items():
        np.testing.assert_array_equal(sent[name], values)


def test_every_feature_has_a_value_for_every_row(model, fresh):
    for name, values in model.features.features(fresh.x).items():
        assert values.shape == fresh.y.shape, name


def test_a_row_alone_gets_what_it_gets_among_others(model, few, agree):
    every = model.features.features(few)
    for place in range(0, 100, 9):
        alone = model.features.features({name: values[place : place + 1] for name, values in few.items()})
        agree(alone, {name: values[place : place + 1] for name, values in every.items()})


def test_the_order_of_rows_changes_nothing(model, fresh, agree):
    back = model.features.features({name: values[::-1] for name, values in fresh.x.items()})
    agree({name: values[::-1] for name, values in back.items()}, model.features.features(fresh.x))
