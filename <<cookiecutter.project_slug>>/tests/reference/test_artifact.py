"""The ONNX artifact scores like what was learnt, and says how it decides."""

import json
from dataclasses import replace

import numpy as np
import pytest


def test_the_artifact_is_two_files(artifact):
    assert sorted(path.name for path in artifact.iterdir()) == ["model.json", "model.onnx"]


def test_the_exported_model_scores_like_the_trained_one(model, trained, predictor, fresh):
    x = model.features.features(fresh.x)
    for _, columns in (("", x), *model.train.without(x)):
        rows = model.predict.matrix(columns, list(trained.x))
        np.testing.assert_allclose(predictor.scores(rows), trained.estimator.scores(rows), rtol=0, atol=1e-6)


def test_an_export_that_scores_differently_is_refused_and_leaves_nothing(model, trained, known, params, seed, tmp_path):
    x = model.features.features(known.x)
    other = model.train.BASELINES["majority"](x, known.y, known.weight, known.groups, params, seed)

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
