"""The image: what it is built from, how it is installed, and a server that runs from that alone."""

import ctypes
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import yaml

from mlops import uploads
from mlops.serving.request import example
from tests.mlops.serving.image import UV, Image, build, listed
from tests.support.project import Project

DOCKERFILE, INFERENCE_SERVER = "requirements/serving.Dockerfile", "requirements/inference-server"
direct = build_opener(ProxyHandler({}))


def context(project: Project) -> set[str]:
    return {name for name, _ in uploads.walk(project.path, uploads.ignored(project.path))}


def test_it_is_built_from_the_lock_and_the_code_and_nothing_else(reference: Project) -> None:
    names = context(reference)
    assert {each for each in names if not each.startswith("src/")} == {DOCKERFILE, "requirements/serving.txt"}
    code = {each.relative_to(reference.path).as_posix() for each in reference.path.glob("src/mlops/**/*.py")}
    assert code <= names and "src/mlops/sections.yml" in names
    assert not [name for name in names if name.startswith(f"src/{reference.package}/")], "the model brings it"


def test_the_official_client_takes_the_same_files(project: Project, azure_python: Path) -> None:
    for name in (
        ".venv/lib/a.py",
        ".mlops/a",
        "src/__pycache__/a.pyc",
        "src/mlops/__pycache__/a.pyc",
        "requirements/a/b",
    ):
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        (project.path / name).touch()
    code = (
        "import sys; from azure.ai.ml._utils._asset_utils import get_ignore_file, get_upload_files_from_folder as get\n"
        "print(*(name for _, name in get(sys.argv[1], ignore_file=get_ignore_file(sys.argv[1]))), sep='\\n')"
    )
    done = subprocess.run([azure_python, "-W", "ignore", "-c", code, project.path], capture_output=True, text=True)
    assert set(done.stdout.split("\n")) - {""} == context(project), done.stderr


@pytest.mark.parametrize(
    ("file", "is_another"),
    [("src/mlops/api.py", True), (DOCKERFILE, True), ("requirements/azure.txt", False), ("data/README.md", False)],
)
def test_it_has_another_name_when_what_it_is_built_from_changes(project: Project, file: str, is_another: bool) -> None:
    before = uploads.context(project.path)
    assert before.startswith("context:sha256:")
    (project.path / file).write_text((project.path / file).read_text() + "\n")
    assert (uploads.context(project.path) != before) == is_another


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, "requirements/Dockerfile", f"{INFERENCE_SERVER}/Dockerfile"])
def test_hadolint_finds_nothing(reference: Project, dockerfile: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, reference.path / dockerfile], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    poison = "FROM python\nRUN apt-get install -y curl\n"
    assert "DL3006" in subprocess.run([hadolint, "-"], input=poison, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def image(trained: Project) -> Iterator[Image]:
    """The image built in a folder that nobody can write to, but for the spool; a model is mounted as Azure ML does."""
    [artifact] = trained.path.glob(".mlops/models/*/1/content")
    with tempfile.TemporaryDirectory(prefix="image-") as name:
        image = build(trained.path, DOCKERFILE, Path(name))
        shutil.copytree(artifact, image.root / "model" / "triage" / "artifact")
        _allow(image.root, "a-w")
        (image.root / "spool").chmod(0o700)
        try:
            yield image
        finally:
            _allow(image.root, "u+w")


def _allow(folder: Path, rights: str) -> None:
    subprocess.run(["chmod", "--recursive", rights, folder], check=True)


@pytest.mark.network
def test_azure_ml_asks_where_the_server_listens(image: Image, trained: Project) -> None:
    routes = yaml.safe_load((trained.path / "azureml/environments/serve.yml").read_text())["inference_config"]
    assert {str(route["port"]) for route in routes.values()} == {image.said["EXPOSE"], image.variables["MLOPS_PORT"]}
    assert image.variables["MLOPS_HOST"] == "0.0.0.0" and image.said["EXPOSE"] in image.said["HEALTHCHECK"]
    assert {name: route["path"] for name, route in routes.items()} == {
        "liveness_route": "/live",
        "readiness_route": "/ready",
        "scoring_route": "/score",
    }


@pytest.mark.network
def test_it_has_the_packages_of_the_lock_and_no_others(image: Image, reference: Project) -> None:
    command = [UV, "pip", "freeze", "--python", image.root / "opt/serving"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    locked = re.findall(r"^[\w.-]+==[^ ]+", (reference.path / "requirements/serving.txt").read_text(), re.MULTILINE)
    assert set(found) <= set(locked) and len(found) >= 10
    assert not [name for name in found if re.match("azure|mlflow|polars|pydantic|pip=", name)]


@pytest.mark.network
def test_the_image_of_the_inference_server_is_installed_from_its_lock(reference: Project, tmp_path: Path) -> None:
    image = build(reference.path / INFERENCE_SERVER, "Dockerfile", tmp_path)
    environment = yaml.safe_load((reference.path / "azureml/environments/inference-server.yml").read_text())
    assert environment["build"] == {"path": f"../../{INFERENCE_SERVER}", "dockerfile_path": "Dockerfile"}
    ports = {str(route["port"]) for route in environment["inference_config"].values()}
    assert ports == {image.said["EXPOSE"]} and image.said["USER"] == "10001"
    served = (image.root / "opt" / "serving" / "bin" / "azmlinfsrv").read_text()
    assert "azureml_inference_server_http" in served and (tmp_path / "spool").is_dir()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_images_begin_with_the_bytes_that_a_digest_names(render: Callable[..., Project], version: str) -> None:
    project = render(python_version=version).path
    begun = [
        line.removesuffix(" AS base")
        for file in (DOCKERFILE, "requirements/Dockerfile", f"{INFERENCE_SERVER}/Dockerfile")
        for line in (project / file).read_text().splitlines()
        if line.startswith("FROM ") and not line.startswith("FROM base")
    ]
    assert len(begun) == 3 and len(set(begun)) == 1
    assert re.fullmatch(rf"FROM python:{version}-slim@sha256:[0-9a-f]{{64}}", begun[0])


@pytest.mark.network
def test_the_server_runs_from_it_alone_as_somebody_who_can_write_only_the_spool(image: Image, trained: Project) -> None:
    owner = re.search(r"--owner=(\d+) /spool", (trained.path / DOCKERFILE).read_text())
    assert owner and image.said["USER"] == owner[1] != "0"
    before = sorted(path for path in image.root.rglob("*") if "spool" not in path.parts)
    given = image.environment | {"AZUREML_MODEL_DIR": str(image.root / "model"), "MLOPS_HOST": "127.0.0.1"}
    environment = given | {"MLOPS_PORT": "0", "PATH": image.environment["PATH"].replace("$PATH", "/usr/bin:/bin")}
    _, *arguments = listed(image.said["ENTRYPOINT"])
    command = [image.root / "opt/serving/bin/python", *arguments]
    with subprocess.Popen(
        command, env=environment, cwd="/", stdout=subprocess.PIPE, text=True, preexec_fn=bound
    ) as server:
        try:
            assert server.stdout
            [url] = re.findall(r"http://\S+", server.stdout.readline())
            assert direct.open(url.replace("/score", "/live")).status == 200
            assert direct.open(url.replace("/score", "/ready")).status == 200
            done = ask(url, trained)
            assert 0 <= done["predictions"][0]["score"] <= 1
            time.sleep(0.5)
            server.send_signal(signal.SIGTERM)
            assert server.wait(20) == 0
        finally:
            server.kill()
    assert sorted(path for path in image.root.rglob("*") if "spool" not in path.parts) == before
    [log] = (image.root / "spool" / "predictions").iterdir()
    assert json.loads(log.read_text())["outputs"] == done["predictions"]


def bound() -> None:
    """Let the rights of files count for root too: drop CAP_DAC_OVERRIDE from what the next program may have."""
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


def ask(url: str, project: Project) -> dict:
    row = example(import_module(f"{project.package}.contract").ROW)
    request = Request(url, json.dumps({"rows": [row]}).encode(), {"Content-Type": "application/json"})
    with direct.open(request) as answer:
        return json.load(answer)
