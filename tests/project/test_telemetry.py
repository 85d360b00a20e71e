"""Libraries that report to their makers do not where this project imports them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import Project


def left_at_home(project: Project, home: Path, imported: str) -> list[str]:
    """What an import leaves with a person, as on no machine of CI: there ONNX Runtime is quiet by itself."""
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(project.path / "src")}
    subprocess.run([sys.executable, "-Bc", imported], cwd=project.path, env=variables, check=True)
    return [file.name for file in home.rglob("*") if file.is_file()]


@pytest.mark.parametrize("imported", ["import {0}.predict", "import mlops, onnxruntime", "import {0}, onnxruntime"])
def test_no_number_is_kept_by_which_a_machine_is_known(reference: Project, tmp_path: Path, imported: str) -> None:
    assert left_at_home(reference, tmp_path, imported.format(reference.package)) == []


def test_by_itself_onnx_runtime_keeps_one(reference: Project, tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    assert "deviceid" in left_at_home(reference, tmp_path, "import onnxruntime")
