"""What opens Azure, and what never loads a package of it."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.platform import azure as places
from mlops.platform import open as open_platform
from mlops.platform.azure import names as env
from mlops.platform.azure.names import Names
from tests.support.project import Project

AZURE = {"azure", "azureml", "msal", "msrest"}
PROGRAM = """
import json, runpy, sys
sys.argv[0] = "mlops"
try: runpy.run_module("mlops", run_name="__main__")
except SystemExit: print(json.dumps([*{name.partition(".")[0] for name in sys.modules}]))
"""


def loaded(project: Project, *command: str) -> set[str]:
    """The packages of Azure that a command loads."""
    done = project.python("-c", PROGRAM, *command, AZURE_TOKEN_CREDENTIALS="WorkloadIdentityCredential")
    return AZURE & {*json.loads(done.stdout.splitlines()[-1])}


def test_only_what_goes_to_azure_loads_a_package_of_it(project: Project, names: Names) -> None:
    (project.path / "job.yml").write_text("command: echo 1\n")
    for command in (["--help"], ["run", "job.yml"], ["runs", "list"], ["lint", "job.yml"]):
        assert loaded(project, *command) == set()
    write(project.path, names)
    assert "azure" in loaded(project, "env", "build", "--on", "dev")


def write(project: Path, names: Names, **changes: object) -> None:
    place = env.place(project, "dev")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({**asdict(names), **changes}))


def test_an_environment_is_opened_by_its_names(names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, names, registry="/subscriptions/s/registries/mlr-agency")
    assert env.read(tmp_path, "dev") == names
    monkeypatch.setenv("MLOPS_ENV_DEV", json.dumps({**asdict(names), "workspace": "mlw-ci"}))
    assert places.reach("dev", tmp_path).names.workspace == "mlw-ci"
    monkeypatch.setenv("MLOPS_ENV_DEV", "")  # as CI sets a variable that nobody gave a value
    assert env.read(tmp_path, "dev") == names
    env.place(tmp_path, "dev").unlink()
    with pytest.raises(Misuse, match="the names of what dev has are not here"):
        env.read(tmp_path, "dev")


def test_all_of_a_platform_is_there(project: Project, names: Names) -> None:
    write(project.path, names)
    opened = open_platform("dev", project.path)
    parts = (opened.jobs, opened.models, opened.data, opened.ledger, opened.endpoint)
    assert {type(part).__module__ for part in parts} == {
        f"mlops.platform.azure.{name}" for name in ("jobs", "models", "data", "ledger", "endpoint")
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, r"dev.json: the names of what dev has are not here. Ask .* file. Write them with: mlops env sync dev"),
        ("[]", "does not hold the outputs of a stack. Write them with: mlops env sync dev"),
        ("{", "dev.json: is not valid JSON"),
        ("{}", "lacks the output 'subscription': the stack is older than this project. Write them with: mlops env"),
    ],
)
def test_names_that_are_not_there_say_where_they_come_from(text: str | None, sentence: str, tmp_path: Path) -> None:
    if text is not None:
        env.place(tmp_path, "dev").parent.mkdir(parents=True)
        env.place(tmp_path, "dev").write_text(text)
    with pytest.raises(Misuse, match=sentence):
        open_platform("dev", tmp_path)


def test_without_its_packages_azure_says_how_to_install_them(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, names)
    monkeypatch.setattr(places, "find_spec", lambda name: None)
    with pytest.raises(Misuse, match="what reaches Azure is not installed here. Install it with: make setup-azure"):
        places.reach("dev", tmp_path)
