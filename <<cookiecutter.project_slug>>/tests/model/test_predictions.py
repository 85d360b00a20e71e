"""What may change a prediction, what may not, and in which direction."""

import numpy as np
import pytest

from mlops.api import NULL, UNSEEN


def log_odds(model, predictor, columns):
    return model.predict.log_odds(predictor.predict(columns)["score"])


def test_sensitive_columns_change_nothing(model, predictor, fresh):
    assert not {column.name for column in model.contract.ROW.sensitive} & {*fresh.x, *predictor.facts["columns"]}
    plain, told = predictor.predict(fresh.x), predictor.predict({**fresh.groups, **fresh.x})
    for name in plain:
        np.testing.assert_array_equal(plain[name], told[name])


def test_the_order_of_rows_and_columns_changes_nothing(predictor, fresh):
    mixed = {name: values[::-1] for name, values in reversed(fresh.x.items())}
    for name, values in predictor.predict(fresh.x).items():
        np.testing.assert_array_equal(values, predictor.predict(mixed)[name][::-1])


def test_a_row_alone_gets_what_it_gets_among_others(predictor, fresh):
    every = predictor.predict(fresh.x)
    for place in range(0, len(fresh.y), 100):
        alone = predictor.predict({name: values[place : place + 1] for name, values in fresh.x.items()})
        for name, values in alone.items():
            np.testing.assert_array_equal(values, every[name][place : place + 1])


def test_scores_are_probabilities_and_decisions_follow_the_threshold(predictor, fresh):
    predictions = predictor.predict(fresh.x)
    assert ((predictions["score"] >= 0) & (predictions["score"] <= 1)).all()
    np.testing.assert_array_equal(predictions["decision"] == 1, predictions["score"] >= predictor.facts["threshold"])


def test_nulls_and_unseen_categories_get_finite_scores_and_reasons(predictor, fresh):
    few = {name: values[:50] for name, values in fresh.x.items()}
    for name, values in few.items():
        for hole in (NULL, UNSEEN) if values.dtype.kind == "i" else (np.nan,):
            holed = {**few, name: np.full_like(values, hole)}
            answers = {**predictor.predict(holed), **predictor.explain(holed)}
            assert all(np.isfinite(answer).all() for answer in answers.values()), name


@pytest.mark.parametrize(("name", "more"), [("education_num", 3), ("capital_gain", 10_000), ("hours_per_week", 15)])
def test_more_of_what_brings_income_speaks_against_eligible_on_average(model, predictor, fresh, name, more):
    top = model.contract.ROW[name].range[1]
    raised = {**fresh.x, name: np.minimum(fresh.x[name] + more, top)}
    assert log_odds(model, predictor, raised).mean() < log_odds(model, predictor, fresh.x).mean()


def test_each_feature_has_a_reason_which_is_nothing_where_its_value_is_typical(predictor, fresh):
    reasons = predictor.explain(fresh.x)
    assert list(reasons) == [f"reason.{name}" for name in fresh.x]
    for name, typical in predictor.facts["typical"].items():
        reason, same = reasons[f"reason.{name}"], fresh.x[name] == typical
        assert (reason[same] == 0).all() and (reason[~same] != 0).any(), name


def test_a_reason_is_the_change_in_log_odds(model, predictor, fresh):
    typical = predictor.facts["typical"]["capital_gain"]
    without = {**fresh.x, "capital_gain": np.full_like(fresh.x["capital_gain"], typical)}
    change = log_odds(model, predictor, fresh.x) - log_odds(model, predictor, without)
    np.testing.assert_array_equal(predictor.explain(fresh.x)["reason.capital_gain"], change)
