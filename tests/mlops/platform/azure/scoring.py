"""A shop whose model and rows lie in the emulated Azure, and jobs there that are really run."""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import pytest
from securesystemslib.signer import CryptoSigner

from mlops import carried, digest
from mlops.evidence.statements import Statement, signed
from mlops.platform.azure.client import Azure
from mlops.platform.azure.data import AzureData
from mlops.platform.azure.models import AzureModels
from mlops.platform.azure.names import Names
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.https.runner import really
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.online import project
from tests.support.project import Completed, Project


@dataclass(frozen=True)
class Batch:
    """A shop with a model and two files of rows, of which two are bad, in the workspace."""

    path: Path
    cloud: Cloud
    variables: dict[str, str]

    def mlops(self, *words: str) -> Completed:
        done = Project(self.path).mlops(*words, **self.variables, COLUMNS="200")
        assert "Traceback" not in done.stderr, done.stderr
        return done

    @property
    def jobs(self) -> list[str]:
        return [each["name"] for each in self.cloud.arm.below(f"{WORKSPACE}/jobs")]


@pytest.fixture(scope="module")
def batch(
    cloud: Cloud,
    person: Principal,
    names: Names,
    reference: Project,
    tmp_path_factory: pytest.TempPathFactory,
) -> Batch:
    home = tmp_path_factory.mktemp("batch")
    path, variables = project(home / "project", reference.path), cloud.environ(person, home)
    shutil.copytree(reference.path / "src" / "mlops", path / "src" / "mlops")
    cloud.runs.plan = really(lambda context: Path(sys.executable))
    rows = home / "rows"
    rows.mkdir()
    ages = [age % 80 + 18 for age in range(198)] + [400, None]
    table = pl.DataFrame({"age": ages, "place": "town", "colour": "red"})
    for name, part in (("a", table.head(90)), ("b", table.tail(110))):
        part.write_parquet(rows / f"{name}.parquet")
    artifact = home / "artifact"
    artifact.mkdir()
    (artifact / "model.json").write_text(json.dumps({"salt": 1}))
    carried.put(path / "src" / "shop", artifact)
    lineage = {"run": "r1", "image": "context:sha256:0"}
    statement = Statement("build", {"shop": digest.of_folder(artifact)}, lineage)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        azure = Azure(names, "dev")
        AzureModels(azure, path).register("shop", artifact, lineage, signed(statement, CryptoSigner.generate_ed25519()))
        for name, source in (("july", rows), ("applications", rows / "b.parquet")):
            AzureData(azure, path).add(name, source)
    return Batch(path, cloud, variables | {"MLOPS_ENV_DEV": json.dumps(asdict(names))})
