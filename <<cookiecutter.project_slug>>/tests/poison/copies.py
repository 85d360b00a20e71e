"""A copy of the project: a poison changes it, a run or a verification judges it, and it is made clean again."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from mlops import platform, settings
from mlops.contract.read import scan
from mlops.contract.types import Column
from mlops.files import read_json
from mlops.gates.base import Verdict, read_verdicts
from mlops.specs.bind import bind
from mlops.specs.types import Asset, Job
from mlops.steps.package import Package, package

TRAIN = "azureml/pipelines/train.yml"
CHANGED = ("src", "azureml", "responsible_ai", "mlops.yaml")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".mlops", "__pycache__", ".*_cache", ".hypothesis", "notebooks")


class Nothing(Exception):
    """The project has nothing that could be poisoned in this way; says what it lacks."""


class Copy:
    """`tables` are at most so many rows of each source, evenly spread.

    Of the clean run, `evaluation` is metrics.json, `model` the artifact, and `registered` how that is written.
    """

    evaluation: Mapping[str, Any]
    model: Path
    registered: str

    def __init__(self, project: Path, scratch: Path, rows: int) -> None:
        self.project, self.path, self.data = project, scratch / "project", scratch / "tables"
        shutil.copytree(project, self.path, ignore=LEFT_OUT)
        self.data.mkdir()
        self.settings = settings.load(project / "mlops.yaml")
        self.package: Package = package(self.settings)
        self.sources = self.package.contract.SOURCES
        self.tables = {name: _some(scan(asset.path).collect(), rows) for name, asset in self._assets.items()}
        self.restore()

    @cached_property
    def job(self) -> Job:
        mapped, stored = self.settings.mapped(self.project), platform.open("local", self.project).data.resolve
        return bind(self.project / TRAIN, project=self.project, mapped=mapped, stored=stored)

    @cached_property
    def _assets(self) -> dict[str, Asset]:
        """Where each source lies: the input that the step validate gets it from."""
        node = self.node("validate")
        named = {name: node.command.partition(f"--source {name}=${{{{inputs.")[2] for name in self.sources}
        found = {name: node.inputs[text.partition("}}")[0]] for name, text in named.items()}
        return {name: asset for name, asset in found.items() if isinstance(asset, Asset)}

    @cached_property
    def prepared(self) -> pl.DataFrame:
        return self.package.prepare.prepare({name: table.lazy() for name, table in self.tables.items()}).collect()

    def node(self, step: str) -> Any:
        """The node of train.yml that runs a step of the machinery."""
        return next(node for node in self.job.nodes if f"mlops.steps.{step} " in node.command)

    def restore(self) -> None:
        for name, table in self.tables.items():
            self.give(name, table)
        for name in CHANGED:
            source, to = self.project / name, self.path / name
            if source.is_dir():
                shutil.rmtree(to)
                shutil.copytree(source, to, ignore=LEFT_OUT)
            else:
                shutil.copy2(source, to)

    def give(self, name: str, table: pl.DataFrame) -> None:
        """Another table for a source."""
        table.write_parquet(self.data / f"{name}.parquet")

    def append(self, module: str, code: str) -> None:
        """Code at the end of a module of the model package."""
        file = self.path / "src" / self.package.name / f"{module}.py"
        file.write_text(f"{file.read_text('utf-8')}\n\n{code}", "utf-8")

    def follow(self, step: str, code: str, *arguments: str) -> None:
        """Lines of Python that the component of a step runs after it, with `${{...}}` as arguments."""
        then = f'python -c "{"; ".join(code.strip().splitlines())}" {" ".join(arguments)}'
        file = f"azureml/components/{step}.yml"
        self.edit(file, lambda plain: plain.update(command=f"{plain['command']} && {then}"))

    def edit(self, file: str, change: Callable[[dict[str, Any]], Any]) -> None:
        """Change a YAML file."""
        path = self.path / file
        plain = yaml.safe_load(path.read_text("utf-8"))
        change(plain)
        path.write_text(yaml.safe_dump(plain, sort_keys=False), "utf-8")

    def find(self, what: str, wanted: Callable[[Column], bool]) -> tuple[str, Column]:
        """The first source with such a column, and the column. Raises Nothing without one."""
        for name, contract in self.sources.items():
            for column in contract:
                if wanted(column):
                    return name, column
        raise Nothing(f"no source has {what}")

    def run(self, *options: str) -> list[Verdict]:
        """What a run of train.yml is judged."""
        inputs = {asset.source: name for name, asset in self._assets.items()}
        given = [
            word
            for name, value in self.job.inputs.items()
            if isinstance(value, Asset) and value.source in inputs
            for word in ("--input", f"{name}={self.data / inputs[value.source]}.parquet")
        ]
        record = json.loads(self.mlops("run", TRAIN, "--json", *given, *options))
        judged = (self.path / ".mlops" / "runs" / record["run"] / "outputs").rglob("verdicts.json")
        return [verdict for file in judged for verdict in read_verdicts(read_json(file))]

    def run_clean(self) -> list[Verdict]:
        """What the project is judged as it is; its model is registered if it is not refused."""
        verdicts = self.run()
        if all(verdict.stands for verdict in verdicts):
            self.registered = self.register()
            here = platform.open("local", self.path).models
            self.model, self.evaluation = here.content(self.registered), here.get(self.registered).lineage["evaluation"]
            verdicts += self.verify(self.registered)
        return verdicts

    def register(self) -> str:
        """Register the model of the last run; returns how it is written."""
        self.mlops("models", "register", "last")
        newest = platform.open("local", self.path).models.list()[-1]
        return f"{newest.name}:{newest.version}"

    def verify(self, reference: str) -> list[Verdict]:
        """What a model is judged before a release."""
        return [Verdict(**each) for each in json.loads(self.mlops("release", "verify", reference, "--json"))]

    def mlops(self, *arguments: str) -> str:
        """What a command prints. Raises RuntimeError when it neither passes nor refuses."""
        command = [sys.executable, "-m", "mlops", *arguments]
        variables = os.environ | {"PYTHONPATH": str(self.path / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=self.path, env=variables, capture_output=True, encoding="utf-8")
        if done.returncode not in (0, 1):
            raise RuntimeError(f"mlops {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
        return done.stdout


def _some(table: pl.DataFrame, rows: int) -> pl.DataFrame:
    return table.gather_every(-(-len(table) // rows)) if len(table) else table
