"""The ONNX artifact scores like what was learnt, and says how it decides."""

import json
import os
import subprocess
import sys
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


ORDER = "print(list({'ai.onnx.ml', ''}))"
EXPORTED = """
import hashlib, sys
from importlib import import_module
import numpy as np
learners = import_module(sys.argv[1] + ".learners")
rows = np.arange(400, dtype=np.float32).reshape(200, 2) % 7
y = (rows[:, 0] > 3).astype(float)
for fit in (learners.boosting([], learners.Params(0.1, 4, 3, 5, 0.5, "none", 1), 1), learners.regression([])):
    print(hashlib.sha256(fit(rows, y, np.ones(200)).onnx(2)).hexdigest())
"""


def test_every_process_exports_the_same_bytes(model):
    def printed(seed: int, script: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script, model.train.__package__]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    seeds = {printed(seed, ORDER): seed for seed in range(64)}
    assert len(seeds) == 2, "no two of these processes order a set of the operator sets differently"
    assert len({printed(seed, EXPORTED) for seed in seeds.values()}) == 1
