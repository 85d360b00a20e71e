"""What a prediction is called, what may change it, and what it does with a value that is not known."""

import numpy as np

from mlops.api import NULL, UNSEEN


def test_predictions_have_the_reserved_names_and_are_finite(model, predictor, baselines, fresh):
    label = model.contract.ROW.one("label")
    reserved = {"score", "label", "decision", "value", *(f"score.{name}" for name in label.categories)}
    for each in (predictor, *baselines.values()):
        predictions = each.predict(fresh.x)
        assert predictions and predictions.keys() <= reserved
        for name, values in predictions.items():
            assert values.shape == fresh.y.shape, name
            assert np.isfinite(values).all(), name


def test_no_sensitive_column_is_a_feature(model):
    assert not set(model.contract.ROW.sensitive) & set(model.contract.ROW.features)


def test_columns_that_are_no_features_change_nothing(predictor, fresh, agree):
    others = {name: values[::-1] for name, values in fresh.every.items() if name not in fresh.x}
    agree(predictor.predict({**others, **fresh.x}), predictor.predict(fresh.x))


def test_the_order_of_rows_and_columns_changes_nothing(predictor, fresh, agree):
    back = predictor.predict({name: values[::-1] for name, values in reversed(fresh.x.items())})
    agree({name: values[::-1] for name, values in back.items()}, predictor.predict(fresh.x))


def test_a_row_alone_gets_what_it_gets_among_others(predictor, few, agree):
    every = predictor.predict(few)
    for place in range(0, 100, 9):
        alone = predictor.predict({name: values[place : place + 1] for name, values in few.items()})
        agree(alone, {name: values[place : place + 1] for name, values in every.items()})


def holes(column):
    """The values that the contract lets stand for one that is not known."""
    nulls = {"number": np.nan, "time": np.nan, "text": None}
    return [nulls.get(column.dtype, NULL)] * column.nullable + [UNSEEN] * (column.unseen == "accept")


def test_what_the_contract_leaves_open_gets_finite_predictions_and_reasons(model, predictor, few):
    for column in model.contract.ROW.features:
        for hole in holes(column):
            holed = {**few, column.name: np.full_like(few[column.name], hole)}
            reasons = predictor.explain(holed) if hasattr(predictor, "explain") else {}
            for name, values in {**predictor.predict(holed), **reasons}.items():
                assert np.isfinite(values).all(), (column.name, hole, name)


def test_reasons_are_finite_and_named_as_such(predictor, few):
    for name, values in (predictor.explain(few) if hasattr(predictor, "explain") else {}).items():
        assert name.startswith("reason.")
        assert values.shape == (100,) and np.isfinite(values).all(), name
