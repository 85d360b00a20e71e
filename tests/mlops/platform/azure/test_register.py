"""A run's model becomes an asset of the workspace, with all that was signed about it."""

from dataclasses import replace
from pathlib import Path

from mlops import digest, settings
from mlops.evidence import entries, verify
from mlops.evidence.register import register
from mlops.platform import local
from mlops.platform.azure.client import Azure
from mlops.platform.azure.models import AzureModels
from tests.emulator.https.cloud import Cloud
from tests.mlops.platform.azure.bytes import Bytes, forget
from tests.support.project import Project


def test_a_run_gives_an_asset_that_verifies(azure: Azure, cloud: Cloud, trained: Project, tmp_path: Path) -> None:
    forget(cloud)
    project = trained.copy(tmp_path / "project").path
    here = local.open(project)
    platform = replace(here, models=AzureModels(azure, project))
    run, known = here.jobs.find("last"), settings.load(project / "mlops.yaml")
    model = register(run, platform, project)
    assert (model.version, model.digest) == (1, here.models.get(known.model.name).digest)
    assert register(run, platform, project) == model
    signed, _ = entries.read(platform, known)
    assert verify.in_force(model, "local", platform, known, signed).says["run"] == run
    held = {name.split("/", 3)[3] for name in Bytes(cloud).all(f"mlops/models/{model.digest}/")}
    assert {"MLmodel", "build.dsse.json", "code/mlops/serving/pyfunc.py"} <= held
    artifact = {name.removeprefix("artifact/") for name in held if name.startswith("artifact")}
    assert artifact == {*digest.of_files(here.models.content(known.model.name))}
