"""One submit of `train.yml` by the official client: what Azure is asked for, and which files leave the machine."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlops import uploads
from tests.emulator.client import Azure
from tests.emulator.rules.assets import CONTAINERS
from tests.emulator.store import Document
from tests.emulator.world import WORKSPACE
from tests.support.project import Project

pytestmark = pytest.mark.network

STEPS = ["validate", "prepare", "train", "retrain", "evaluate", "gate"]
JUNK = ["mlops/__pycache__/cli.pyc", ".ipynb_checkpoints/train.py", ".mlops/mlflow.db", ".ruff_cache/0.1/1"]
SIGN_IN, DEFAULT = ["login.microsoftonline.com/{tenant}/oauth2/v2.0/token"], CONTAINERS["workspaceblobstore"]
METHODS = {"GET", "HEAD", "PUT", "POST"}
README = Path(__file__).parents[1] / "emulator" / "README.md"


@dataclass(frozen=True)
class Submitted:
    """A good submit: the project it came from, what Azure holds after it, and the requests by kind."""

    project: Project
    job: Document
    components: dict[str, Document]
    code: dict[str, bytes]
    others: dict[str, bytes]
    requests: Counter[tuple[str, str, str]]

    def spec(self, file: str) -> Any:
        return yaml.safe_load((self.project.path / "azureml" / file).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def submitted(azure: Azure, reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Submitted:
    project = reference.copy(tmp_path_factory.mktemp("submitted") / "project")
    for junk in JUNK:
        (project.path / "src" / junk).parent.mkdir(parents=True, exist_ok=True)
        (project.path / "src" / junk).write_text("stays here")
    azure.forget()
    held, blobs, earlier = azure.cloud.arm.store.documents, azure.cloud.blobs, len(azure.cloud.journal)
    job = held[azure.submit(project.path)]["properties"]
    requests = Counter[tuple[str, str, str]](call[:3] for call in azure.cloud.calls(earlier, without=SIGN_IN))
    components = {name: held[node["componentId"]]["properties"] for name, node in job["jobs"].items()}
    (code,) = {component["componentSpec"]["code"].removeprefix("azureml:") for component in components.values()}
    account, container, _ = held[code]["properties"]["codeUri"].removeprefix("https://").split("/", 2)
    account, common = account.split(".")[0], DEFAULT.format(held[WORKSPACE]["properties"]["workspaceId"])
    return Submitted(
        project=project,
        job=job,
        components={name: component["componentSpec"] for name, component in components.items()},
        code=blobs.all(account, container),
        others={name.split("/", 2)[2]: content for name, content in blobs.all(account, common).items()},
        requests=requests,
    )


def test_azure_gets_the_six_steps_with_the_commands_and_ports_of_their_files(submitted: Submitted) -> None:
    assert list(submitted.components) == STEPS
    for name, component in submitted.components.items():
        written = {"is_deterministic": True} | submitted.spec(f"components/{name}.yml")
        assert component["command"].startswith(f"python -m mlops.steps.{name} ")
        for key in ("command", "inputs", "outputs", "is_deterministic"):
            assert component[key] == written[key], f"{key} of {name}"


def test_azure_gets_the_bindings_as_written(submitted: Submitted) -> None:
    written = submitted.spec("pipelines/train.yml")
    for name, node in submitted.job["jobs"].items():
        for port in ("inputs", "outputs"):
            bound = {key: given["value"] for key, given in node.get(port, {}).items()}
            assert bound == written["jobs"][name].get(port, {}), f"{port} of {name}"
    literals = {key: str(given) for key, given in written["inputs"].items() if not isinstance(given, dict)}
    assert {key: submitted.job["inputs"][key]["value"] for key in literals} == literals
    assert submitted.job["outputs"].keys() == written["outputs"].keys()


def test_names_of_assets_and_computes_become_ids_of_the_workspace(submitted: Submitted) -> None:
    assert submitted.job["settings"]["default_compute"] == f"{WORKSPACE}/computes/cpu"
    assert submitted.job["inputs"]["applications"]["uri"] == f"{WORKSPACE}/data/applications/versions/1"
    assert submitted.job["inputs"]["settings"]["uri"].endswith("/mlops.yaml")


def test_all_steps_share_one_environment(submitted: Submitted) -> None:
    assert len({component["environment"] for component in submitted.components.values()}) == 1


def test_the_code_is_uploaded_once_and_is_what_is_committed_under_src(submitted: Submitted) -> None:
    committed = submitted.project.git("ls-files", "src").splitlines()
    assert sorted(submitted.code) == sorted(committed)
    assert {"src/mlops/__main__.py", f"src/{submitted.project.package}/train.py"} <= submitted.code.keys()
    assert all(submitted.code[name] == (submitted.project.path / name).read_bytes() for name in committed)


def test_a_local_run_lays_out_the_same_files(submitted: Submitted) -> None:
    source = submitted.project.path / "src"
    assert {f"src/{name}" for name, _ in uploads.walk(source, uploads.ignored(source))} == submitted.code.keys()


def test_nothing_else_leaves_the_machine_but_inputs_and_the_build_context(submitted: Submitted) -> None:
    context = ["requirements/Dockerfile", "requirements/azure.txt"]
    files = {name: name for name in context} | {
        "mlops.yaml": "mlops.yaml",
        "applications.parquet": "data/applications.parquet",
    }
    files |= {name: name for name in submitted.project.git("ls-files", "responsible_ai").splitlines()}
    assert submitted.others == {name: (submitted.project.path / file).read_bytes() for name, file in files.items()}


def test_the_requests_are_those_that_the_emulator_documents(submitted: Submitted) -> None:
    rows = [line.strip("| ").split(" | ") for line in README.read_text(encoding="utf-8").splitlines()]
    documented = {(row[0], row[1].strip("`"), row[2]): row[3] for row in rows if row[0] in METHODS}
    files = len(submitted.code) + len(submitted.others)
    assert submitted.requests == {
        call: files if count == "one per file" else int(count) for call, count in documented.items()
    }
