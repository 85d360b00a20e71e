"""In which direction values change a score, and what the reasons say."""

import numpy as np
import pytest

from mlops.api import NULL, UNSEEN


def log_odds(model, predictor, columns):
    return model.predict.log_odds(predictor.predict(columns)["score"])


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
