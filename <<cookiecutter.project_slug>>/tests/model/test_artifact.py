"""The artifact says what was learnt, and nothing else."""

import json
from dataclasses import replace

import numpy as np
import pytest

FILES = ("model.json", "model.onnx")


def test_the_same_model_gives_the_same_bytes(model, trained, artifact, tmp_path):
    model.train.export(trained, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == list(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (artifact / name).read_bytes()


def test_the_exported_model_scores_like_the_trained_one(model, trained, predictor, fresh):
    x = model.features.features(fresh.x)
    for columns in (x, *model.train.without(x)):
        rows = model.predict.matrix(columns, list(trained.x))
        np.testing.assert_allclose(predictor.scores(rows), trained.estimator.scores(rows), rtol=0, atol=1e-6)


def test_an_export_that_scores_differently_is_refused_and_leaves_nothing(model, trained, known, params, tmp_path):
    x = model.features.features(known.x)
    other = model.train.BASELINES["majority"](x, known.y, known.weight, known.groups, params, seed=1)

    class Mixed:
        scores, onnx = trained.estimator.scores, other.estimator.onnx

    with pytest.raises(ValueError, match="exported and trained model differ by up to"):
        model.train.export(replace(trained, estimator=Mixed), tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_model_of_other_categories_is_refused(model, artifact, tmp_path):
    facts = json.loads((artifact / "model.json").read_text())
    facts["categories"]["occupation"].reverse()
    (tmp_path / "model.json").write_text(json.dumps(facts))
    (tmp_path / "model.onnx").write_bytes((artifact / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match=r"trained with other categories of occupation than contract.py has now"):
        model.predict.Predictor.load(tmp_path)


def test_the_artifact_tells_how_it_decides(predictor, trained):
    assert predictor.facts["threshold"] == trained.threshold
    assert predictor.facts["reason"] == trained.reason
    assert predictor.facts["importance"].keys() == predictor.facts["typical"].keys()
    assert all(value > 0 for value in predictor.facts["importance"].values())
