"""The other two adapters say what the server says: Azure ML's inference server with `score.py`, and MLflow."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import msgspec
import pytest
import yaml

from mlops.serving.request import example
from mlops.serving.scorer import Scorer
from tests.mlops.serving.image import instructions, listed
from tests.mlops.serving.servers import ROW, SOURCE, made
from tests.mlops.serving.test_overload import until
from tests.support.project import Project

DEPLOYMENT = "azureml/endpoints/online-deployment-inference-server.yml"
direct = build_opener(ProxyHandler({}))


@pytest.fixture(scope="module")
def artifact(trained: Project) -> Path:
    [content] = trained.path.glob(".mlops/models/*/1/content")
    return content


@pytest.fixture(scope="module")
def row(trained: Project) -> dict:
    return example(import_module(f"{trained.package}.contract").ROW)


@pytest.fixture(scope="module")
def expected(trained: Project, artifact: Path, row: dict) -> list[dict]:
    scorer = Scorer.load(trained.package, artifact)
    [found] = scorer.answer([scorer.reader.read(msgspec.json.encode({"rows": [row, row]}))])
    assert isinstance(found, list)
    return found


@pytest.fixture(scope="module")
def inference_server(
    trained: Project, inference_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of Azure ML's server as its image starts it for its deployment, and where its log goes."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    deployment = yaml.safe_load((trained.path / DEPLOYMENT).read_text())
    code = deployment["code_configuration"]
    own = {name: text for name, text in deployment["environment_variables"].items() if "stack.outputs" not in text}
    environment = own | {
        "AML_APP_ROOT": str(((trained.path / DEPLOYMENT).parent / code["code"]).resolve()),
        "AZUREML_ENTRY_SCRIPT": code["scoring_script"],
        "AZUREML_MODEL_DIR": str(next(trained.path.glob(".mlops/mlflow/*"))),
        "HOME": str(home),
        "MLOPS_SPOOL": str(home / "spool"),
        "PATH": f"{inference_python.parent}:{os.defpath}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    steps = dict(instructions((trained.path / "requirements" / "inference-server" / "Dockerfile").read_text()))
    shell, option, script = listed(steps["ENTRYPOINT"])
    command = [shell, option, f"{script} --port {port}"]
    log = (home / "log").open("w")
    with (
        log,
        subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True) as server,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}/", server, home / "log")
            yield f"http://127.0.0.1:{port}/score", home / "spool"
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def _wait(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            direct.open(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def ask(url: str, body: dict) -> tuple[int, dict]:
    headers = {"Content-Type": "application/json", "x-ms-client-request-id": "7"}
    try:
        with direct.open(Request(url, json.dumps(body).encode(), headers)) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.network
def test_the_inference_server_answers_as_ours_does(inference_server, row: dict, expected: list[dict]) -> None:
    url, spool = inference_server
    status, found = ask(url, {"rows": [row, row]})
    assert (status, found["id"], found["predictions"]) == (200, "7", expected)
    until(lambda: any(file.read_text().endswith("\n") for file in (spool / "predictions").iterdir()))
    [log] = (spool / "predictions").iterdir()
    assert json.loads(log.read_text())["outputs"] == expected


@pytest.mark.network
def test_the_inference_server_refuses_as_ours_does(inference_server, row: dict) -> None:
    url, _ = inference_server
    name = next(iter(row))
    status, found = ask(url, {"rows": [row, {**row, name: "?"}]})
    assert (status, found["id"]) == (422, "7") and re.match(f"row 2, {name}: '\\?' is not ", found["details"][0])
    assert ask(url, {"rows": []})[0] == 422


@pytest.mark.network
def test_the_inference_server_refuses_three_things_otherwise(inference_server) -> None:
    url, _ = inference_server
    asked = [
        (Request(url), 415, "error"),
        (Request(url, b"{}", {"x-ms-client-request-id": "7" * 101}), 431, "message"),
        (Request(url, b"\xff", {"Content-Type": "application/json"}), 400, "message"),
    ]
    for request, status, key in asked:
        with pytest.raises(HTTPError) as refusal:
            direct.open(request)
        assert (refusal.value.code, key in json.load(refusal.value)) == (status, True)


def test_what_the_inference_server_answered_last_is_logged_when_it_is_told_to_end(
    trained: Project, artifact: Path, row: dict, tmp_path: Path
) -> None:
    code = """
        import json, os, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        from mlops.serving import azureml_score as score
        score.init()
        answer = score.run(json.dumps({"rows": [json.loads(sys.argv[1])]}), {"Content-Type": "application/json"})
        print(answer.status_code, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    """
    own = {"AZUREML_MODEL_DIR": str(artifact), "MLOPS_SPOOL": str(tmp_path), "PYTHONPATH": str(trained.path / "src")}
    command = [sys.executable, "-B", "-c", textwrap.dedent(code), json.dumps(row)]
    done = subprocess.run(command, capture_output=True, text=True, env=own)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    [log] = (tmp_path / "predictions").iterdir()
    assert len(log.read_text().splitlines()) == 1


def test_mlflow_loads_the_registered_model_from_one_folder(
    trained: Project, row: dict, expected: list[dict], tmp_path: Path
) -> None:
    [registered] = trained.path.glob(".mlops/mlflow/*/1")
    model = shutil.copytree(registered, tmp_path / "model")
    load = """
        import json, sys
        sys.modules |= dict.fromkeys(("lightgbm", "polars", "typer"))  # what only training needs cannot be imported
        import mlflow, pandas as pd
        model, rows = mlflow.pyfunc.load_model(sys.argv[1]), pd.DataFrame(json.loads(sys.argv[2]))
        print(model.predict(rows).to_json(orient="records", double_precision=15))
        rows.iloc[1, 0] = -5
        try: model.predict(rows)
        except Exception as error: print(type(error).__name__, *error.details)
        print(sys.dont_write_bytecode, any(path.endswith("code") and "artifact" in path for path in sys.path))
    """
    command = [sys.executable, "-c", textwrap.dedent(load), str(model), json.dumps([row, row])]
    loaded = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert loaded.returncode == 0, loaded.stderr
    answers, refusal, left = loaded.stdout.splitlines()
    assert left == "False False" and not list(model.glob("artifact/**/__pycache__"))
    assert json.loads(answers) == [pytest.approx(each) for each in expected]
    assert refusal.startswith(f"Rejected row 2, {next(iter(row))}: -5 is not ")
    needs = (model / "requirements.txt").read_text()
    assert re.search(r"^onnxruntime==\d", needs, re.MULTILINE) and "azure" not in needs


def test_a_table_may_hold_times_as_pandas_has_them(tmp_path: Path) -> None:
    code = """
        import json, sys
        from types import SimpleNamespace
        import pandas as pd
        from mlops.serving.pyfunc import Model
        row, model = json.loads(sys.argv[2]), Model()
        model.load_context(SimpleNamespace(artifacts={"artifact": sys.argv[1]}))
        for times in (["2024-05-17T09:30:00"], ["2024-05-17T09:30:00+02:00"], [None, "2024-05-17T09:30:00.123456789"]):
            table = pd.DataFrame([row] * len(times)).assign(since=pd.to_datetime(times))
            mixed = table.assign(since=table["since"].astype(object))
            print(len(model.predict(None, table)), len(model.predict(None, mixed)))
    """
    command = [sys.executable, "-B", "-c", textwrap.dedent(code), str(made(tmp_path / "model")), json.dumps(ROW)]
    own = {"PYTHONPATH": str(SOURCE), "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=own)
    assert (done.returncode, done.stdout) == (0, "1 1\n1 1\n2 2\n"), done.stderr
