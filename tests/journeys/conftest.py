"""Projects of other kinds of model, each trained once for all tests of its xdist group."""

from collections.abc import Callable
from functools import cache

import polars as pl
import pytest

from tests.journeys.kinds import SCRIPT, become
from tests.support.project import Project


@pytest.fixture(scope="session")
def of_kind(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """A project of that kind with its model registered; a category of it, a small group, is named like a script."""

    @cache
    def of_kind(kind: str) -> Project:
        project = reference.copy(tmp_path_factory.mktemp(kind) / "project")
        become(project, kind)
        contract = project.path / "src" / project.package / "contract.py"
        contract.write_text(contract.read_text().replace('"portal"', f'"portal", {SCRIPT!r}'))
        if kind == "three_class":
            file = project.path / "data" / "applications.parquet"
            table, rare = pl.read_parquet(file), pl.int_range(pl.len()) % 11 == 0
            channel = pl.when(rare).then(pl.lit(SCRIPT)).otherwise(pl.col("channel"))
            table.with_columns(channel=channel).write_parquet(file)
        done = project.mlops("run", "azureml/pipelines/train.yml", "--register")
        assert done.returncode == 0, done.stdout + done.stderr
        return project

    return of_kind
