"""The artifact is all that a predictor needs, and the same model is exported to the same bytes."""

import math


def test_the_same_model_gives_the_same_bytes(model, trained, artifact, files, tmp_path):
    model.train.export(trained, tmp_path / "again")
    assert files(artifact)
    assert files(tmp_path / "again") == files(artifact)


def test_a_copy_of_the_artifact_predicts_the_same(model, artifact, predictor, files, few, agree, tmp_path):
    for name, content in files(artifact).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    agree(model.predict.Predictor.load(tmp_path).predict(few), predictor.predict(few))


def test_the_figures_for_the_log_are_numbers(trained):
    for name, value in getattr(trained, "facts", {}).items():
        assert math.isfinite(value), name
