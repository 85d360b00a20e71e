"""`mlops data` and `mlops models` with `--on`, as a person types them."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pytest

from mlops import digest
from mlops.platform.azure.names import Names
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.mlops.platform.azure.bytes import Bytes
from tests.support.project import Completed, Project

FILE = Path("data", "applications.parquet")


@pytest.fixture
def project(reference: Project, tmp_path: Path) -> Project:
    made = reference.copy(tmp_path / "project")
    pl.read_parquet(made.path / FILE).head(500).write_parquet(made.path / FILE)
    return made


Types = Callable[..., Completed]
"""Types a command in a project, perhaps where the names of the environments are others."""


@pytest.fixture
def typed(cloud: Cloud, person: Principal, names: Names) -> Types:
    """By somebody who is signed in, and has brought the names of the environments here."""

    def typed(project: Project, *command: str, known: Names = names) -> Completed:
        variables = cloud.environ(person, project.path.parent)
        variables |= {f"MLOPS_ENV_{each}": json.dumps(asdict(known)) for each in ("DEV", "STAGING")}
        done = project.mlops(*command, **variables)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return typed


def test_data_that_one_adds_is_what_another_fetches(
    project: Project, reference: Project, cloud: Cloud, typed: Types, tmp_path: Path
) -> None:
    added = typed(project, "data", "add", "applications", str(FILE), "--on", "dev", "--json")
    assert added.returncode == 0, added.stderr
    version = json.loads(added.stdout)
    assert (version["version"], version["about"]["licence"]) == (1, "CC-BY-4.0")
    clone = reference.copy(tmp_path / "clone")
    done = typed(clone, "data", "fetch", "applications", "rows.parquet", "--on", "dev")
    assert done.returncode == 0, done.stderr
    assert digest.of_file(clone.path / "rows.parquet") == version["digest"]
    Bytes(cloud).write(f"mlops/data/{version['digest']}/{FILE.name}", b"other")
    done = typed(clone, "data", "verify", "--on", "dev")
    assert done.returncode == 1 and "applications.parquet was written by somebody else. Put it right" in done.stdout


def test_a_model_is_shared_from_where_models_are_made(project: Project, names: Names, typed: Types) -> None:
    done = typed(project, "models", "share", "triage", "--on", "staging")
    assert done.returncode == 2 and "models are shared on dev" in done.stderr
    gone = replace(names, workspace="mlw-gone")
    done = typed(project, "models", "list", "--on", "dev", known=gone)
    assert done.returncode == 3 and "what dev should have is not there" in done.stderr
