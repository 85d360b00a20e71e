"""The step gate by its command: it judges one model, whose evaluation and verdicts on data it was given."""

import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from mlops import digest
from mlops.files import write_json
from mlops.gates.base import Verdict
from tests.support.project import Project

ON_DATA = ("data_use", "freshness", "leakage", "privacy", "representativeness", "schema")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model", "rows", "retrained"):
        (tmp_path / name).mkdir()
    spoke = [asdict(Verdict(gate, "all", None, None, True, "said.")) for gate in ON_DATA]
    write_json(tmp_path / "verdicts" / "verdicts.json", {"model": None, "verdicts": spoke})
    write_json(tmp_path / "evaluation" / "metrics.json", {"model": digest.of_folder(tmp_path / "model")})
    return tmp_path


def gate(project: Project, folder: Path) -> subprocess.CompletedProcess[str]:
    names = ("verdicts", "rows", "model", "evaluation", "retrained", "gated")
    given = [f"--{name}={folder / name}" for name in names]
    return project.python("-m", "mlops.steps.gate", "--settings=mlops.yaml", "--responsible_ai=responsible_ai", *given)


def test_an_evaluation_of_another_model_is_wrong_use(reference: Project, folder: Path):
    (folder / "model" / "other.txt").write_text("other bytes")
    done = gate(reference, folder)
    assert done.returncode == 2 and not (folder / "gated").exists()
    assert "metrics.json was measured of another model. Run the step evaluate on this one." in done.stdout


def test_a_gate_that_said_nothing_of_the_data_is_wrong_use(reference: Project, folder: Path):
    write_json(folder / "verdicts" / "verdicts.json", {"model": None, "verdicts": []})
    done = gate(reference, folder)
    assert done.returncode == 2 and not (folder / "gated").exists()
    assert f"has no verdict of {', '.join(ON_DATA)}. Run the step validate" in done.stdout
