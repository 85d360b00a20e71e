"""The whole training from its Azure ML files, in a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

MOST = 50_000
"""Rows of a table that are used: enough to judge small groups of people by."""

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".mlops", "__pycache__", ".*_cache", ".hypothesis", "notebooks")


@pytest.fixture(scope="module")
def copy(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = shutil.copytree(project, tmp_path_factory.mktemp("e2e") / "project", ignore=LEFT_OUT)
    for file in (copy / "data").glob("*.parquet"):
        pl.read_parquet(file).head(MOST).write_parquet(file)
    return copy


def mlops(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mlops", *arguments]
    variables = os.environ | {"PYTHONPATH": str(copy / "src")}
    return subprocess.run(command, cwd=copy, env=variables, capture_output=True, encoding="utf-8")


def test_the_model_is_trained_judged_and_registered_and_a_repeat_trains_nothing(copy: Path):
    first = mlops(copy, "run", "azureml/pipelines/train.yml", "--register")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "registered" in first.stdout

    again = mlops(copy, "run", "azureml/pipelines/train.yml")
    assert again.returncode == 0, again.stdout + again.stderr
    assert all(f"{step} reused" in again.stdout for step in ("prepare", "train", "evaluate"))
