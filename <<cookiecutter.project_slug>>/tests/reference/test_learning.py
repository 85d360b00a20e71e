"""Whether the model learns, and chooses its threshold as it says."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def learn(model, known, params, seed):
    """Trains by any of the package's trainers, with some of its arguments changed."""
    x = model.features.features(known.x)

    def learn(train=model.train.train, y=known.y, weight=known.weight, seed=seed, **changed):
        return train(x, y, weight, known.groups, {**params, **changed}, seed)

    return learn


@pytest.mark.parametrize("baseline", ["majority", "logistic"])
def test_the_model_beats_its_baselines_on_rows_it_has_not_seen(model, predictor, learn, fresh, tmp_path, baseline):
    model.train.export(learn(model.train.BASELINES[baseline]), tmp_path)
    ours, theirs = predictor.predict(fresh.x), model.predict.Predictor.load(tmp_path).predict(fresh.x)
    auc, brier = (
        [model.evaluate.METRICS[name](fresh.y, predictions, fresh.weight) for predictions in (ours, theirs)]
        for name in ("auc", "brier")
    )
    assert auc[0] > auc[1] + 0.002
    assert brier[0] < brier[1] - 0.001


def test_the_threshold_is_the_lowest_that_keeps_the_precision(model):
    y = np.array([1, 1, 0, 1, 1, 0, 0])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
    ones = np.ones(7)
    assert model.train.operate(y, scores, ones, 1.0)[0] == 0.8
    assert model.train.operate(y, scores, ones, 0.8)[0] == 0.5
    assert model.train.operate(y, scores, np.array([1, 1, 9, 1, 1, 1, 1]), 0.8)[0] == 0.8


def test_where_no_threshold_keeps_the_precision_the_reason_says_so(model):
    threshold, reason = model.train.operate(np.array([0, 1, 1, 0]), np.array([0.9, 0.8, 0.7, 0.6]), np.ones(4), 0.9)
    assert threshold == 0.7
    assert reason.startswith("No threshold reaches a precision of 90.0%")


def test_the_threshold_keeps_the_precision_out_of_fold(trained, params):
    assert trained.facts["oof_precision"] >= float(params["min_precision"])
    assert "out of fold" in trained.reason


def test_equal_rows_share_a_fold_wherever_they_stand(model):
    rows = np.repeat(np.arange(60, dtype=np.float32), 3).reshape(-1, 1)
    folds, mixed = model.train.folds(rows, 1), np.random.default_rng(0).permutation(len(rows))
    assert (folds.reshape(-1, 3) == folds[::3, None]).all()
    assert set(folds) == set(range(model.train.FOLDS))
    np.testing.assert_array_equal(model.train.folds(rows[mixed], 1), folds[mixed])
    assert (model.train.folds(rows, 2) != folds).any()


def test_weight_counts(model, trained, learn, known, fresh):
    rows = model.predict.matrix(model.features.features(fresh.x), list(trained.x))
    heavier = learn(weight=np.where(known.y == 1, 3.0, 1.0))
    assert heavier.estimator.scores(rows).mean() > trained.estimator.scores(rows).mean() + 0.05


def test_the_seed_decides(trained, learn, seed):
    assert learn().facts == trained.facts
    assert learn(seed=seed + 1).facts != trained.facts


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"depth": "3"}, "unknown parameter depth: the model takes learning_rate"),
        ({"rounds": "many"}, "parameter rounds is 'many': it must be a positive whole number"),
        ({"rounds": "1.5"}, "parameter rounds is '1.5': it must be a positive whole number"),
        ({"learning_rate": "-1"}, "parameter learning_rate is '-1': it must be a positive number"),
        ({"learning_rate": "nan"}, "parameter learning_rate is 'nan': it must be a positive number"),
        ({"min_precision": "90"}, "parameter min_precision is 90.0: it is a share, so at most 1"),
        ({"mitigation": "some"}, "parameter mitigation is 'some': it must be none or reweighing"),
        ({"mitigation_strength": "2"}, "parameter mitigation_strength is 2.0: it is a share, so at most 1"),
    ],
)
def test_a_wrong_parameter_is_refused_in_words(learn, changed, said):
    with pytest.raises(ValueError, match=said):
        learn(**changed)


def test_a_missing_parameter_is_refused_in_words(model, params):
    with pytest.raises(ValueError, match="parameter rounds is missing: azureml/pipelines/train.yml gives the values"):
        model.train.Params.parse({name: value for name, value in params.items() if name != "rounds"})


def test_another_parameter_makes_another_model(trained, learn):
    assert learn(rounds="20").facts["oof_brier"] != trained.facts["oof_brier"]
