"""The poisons of a project's `make poison`, given to the commands of the steps, which judge one trained model."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mlops.files import read_json
from mlops.gates.base import Verdict, read_verdicts
from mlops.specs.types import Literal
from tests.support.project import Project

ROWS = 5000
FEW_ROWS = {
    "    reference:\n": "    least_rows: 5\n    reference:\n",
    "auc: 0.9\n": "auc: 0.85\n",
    "relationship: 0.2": "relationship: 0.4",
}
"""What so few rows can show."""


@pytest.fixture(scope="session")
def poisons(reference: Project) -> Iterator[Callable[[str], Any]]:
    """Modules of the project's tests/poison by name."""
    package = ModuleType("poison")
    package.__path__ = [str(reference.path / "tests" / "poison")]
    sys.modules["poison"] = package
    yield lambda name: import_module(f"poison.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "poison"]:
        del sys.modules[name]


class Steps:
    """The steps of train.yml by their commands, in a copy of the project, with the files of one clean training."""

    def __init__(self, copy: Any) -> None:
        self.copy, self.files = copy, copy.path.parent / "clean"
        copy.run = self.judged
        self.here = {"settings": copy.path / "mlops.yaml", "responsible_ai": copy.path / "responsible_ai"}
        self.sources = [f"--source={name}={copy.data / name}.parquet" for name in copy.tables]

    def work(self, step: str, *more: str, **paths: Path) -> None:
        options = [f"--{name}={path}" for name, path in paths.items()]
        done = Project(self.copy.path).python("-m", f"mlops.steps.{step}", *options, *more)
        assert done.returncode in (0, 10), done.stdout + done.stderr

    def clean(self) -> list[Verdict]:
        """Train once, and judge that."""
        rows = {"recipe": self.files / "recipe.json", "rows": self.files / "rows"}
        training = {"training": self.files / "training.json"}
        model = {name: self.files / name for name in ("model", "baselines")} | training
        inputs = self.copy.node("train").inputs.items()
        params = [f"{name}={value.text}" for name, value in inputs if isinstance(value, Literal) and name != "seed"]
        self.validate(self.files)
        self.work("prepare", *self.sources, verdicts=self.files, **rows)
        self.work("train", "--seed=7", "--params", *params, **rows, **model)
        self.work("evaluate", evaluation=self.files / "evaluation", **rows, **model)
        self.work("retrain", "--check_reproducible=true", retrained=self.files / "retrained", **rows, **training)
        self.copy.model, self.copy.evaluation = model["model"], read_json(self.files / "evaluation" / "metrics.json")
        return self.judged()

    def validate(self, to: Path) -> list[Verdict]:
        self.work("validate", *self.sources, verdicts=to, recipe=to / "recipe.json", **self.here)
        return read_verdicts(read_json(to / "verdicts.json"))

    def judged(self, *options: str, **files: Path) -> list[Verdict]:
        """What the steps validate and gate say; the options are those of `mlops run`, `files` replace clean ones."""
        to = self.copy.path / "judged"
        verdicts = self.validate(to)
        if not all(verdict.stands for verdict in verdicts):
            return verdicts
        given = {name: self.files / name for name in ("rows", "model", "evaluation", "retrained")} | files
        for name, _, value in (option.partition("=") for option in options):
            if name == "gate.champion":
                given["champion"] = Path(value)
            elif name == "check_reproducible":
                given["retrained"] = to
        self.work("gate", verdicts=to, gated=to / "gated", **self.here, **given)
        return read_verdicts(read_json(to / "gated" / "verdicts.json"))


@pytest.fixture(scope="session")
def steps(reference: Project, poisons: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Steps:
    project = reference.copy(tmp_path_factory.mktemp("eased") / "project")
    file = project.path / "mlops.yaml"
    text = file.read_text()
    for before, after in FEW_ROWS.items():
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    return Steps(poisons("copies").Copy(project.path, tmp_path_factory.mktemp("poisoned"), ROWS))


@pytest.fixture(scope="session")
def clean(steps: Steps) -> list[Verdict]:
    """What the project is judged as it is."""
    return steps.clean()
