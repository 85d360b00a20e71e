"""`mlops data` and `mlops models` with `--on`, as a person types them."""

import json
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


def typed(project: Project, cloud: Cloud, person: Principal, names: Names, *command: str) -> Completed:
    """By somebody who is signed in, and has brought the names of the environments here."""
    variables = cloud.environ(person, project.path.parent)
    known = {f"MLOPS_ENV_{each}": json.dumps(asdict(names)) for each in ("DEV", "STAGING")}
    done = project.mlops(*command, **variables, **known)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_data_that_one_adds_is_what_another_fetches(
    project: Project, reference: Project, cloud: Cloud, person: Principal, names: Names, tmp_path: Path
) -> None:
    added = typed(project, cloud, person, names, "data", "add", "applications", str(FILE), "--on", "dev", "--json")
    assert added.returncode == 0, added.stderr
    version = json.loads(added.stdout)
    assert (version["version"], version["about"]["licence"]) == (1, "CC-BY-4.0")
    clone = reference.copy(tmp_path / "clone")
    done = typed(clone, cloud, person, names, "data", "fetch", "applications", "rows.parquet", "--on", "dev")
    assert done.returncode == 0, done.stderr
    assert digest.of_file(clone.path / "rows.parquet") == version["digest"]
    Bytes(cloud).write(f"mlops/data/{version['digest']}/{FILE.name}", b"other")
    done = typed(clone, cloud, person, names, "data", "verify", "--on", "dev")
    assert done.returncode == 1 and "applications.parquet was written by somebody else. Put it right" in done.stdout


def test_a_model_is_shared_from_where_models_are_made(
    project: Project, cloud: Cloud, person: Principal, names: Names
) -> None:
    done = typed(project, cloud, person, names, "models", "share", "triage", "--on", "staging")
    assert done.returncode == 2 and "models are shared on dev" in done.stderr
    gone = replace(names, workspace="mlw-gone")
    done = typed(project, cloud, person, gone, "models", "list", "--on", "dev")
    assert done.returncode == 3 and "what dev should have is not there" in done.stderr
