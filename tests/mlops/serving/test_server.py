"""A served model: what it answers, what it says of itself, and how it starts and ends."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops import carried, digest
from mlops.outcomes import ids
from tests.mlops.serving.servers import ROW, Server, command, environment, made, running
from tests.support.project import Project

MODELS = Path(__file__).parents[2] / "journeys" / "models"


def test_each_row_is_answered_in_words_and_in_order(server: Server):
    answer = server.score(ROW, ROW | {"age": 90}, x_ms_client_request_id="letter 7")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["model"] == "wards:3"
    assert answer.json["id"] == answer.headers["x-ms-client-request-id"] == "letter 7"
    assert answer.json["predictions"] == [
        {"label": "can wait", "decision": 0, "scores": {"can wait": 0.75, "now": 0.25}},
        {"label": "now", "decision": 1, "scores": {"can wait": 0.25, "now": 0.75}},
    ]


def test_reasons_come_when_asked_for(server: Server):
    given = server.score(ROW | {"heat": 2.5}, ROW, reasons=True).json["predictions"]
    assert [each["reasons"] for each in given] == [{"age": 30, "heat": 2.5}, {"age": 30, "heat": 0}]
    assert "reasons" not in server.score(ROW).json["predictions"][0]


def test_a_request_without_an_id_gets_one_of_its_own(server: Server):
    first, second = server.score(ROW), server.score(ROW)
    assert first.json["id"] != second.json["id"]
    assert first.json["id"] == first.headers["x-ms-client-request-id"]


def test_the_id_column_may_be_sent_and_comes_to_nothing(server: Server):
    assert server.score(ROW | {"case": "A-17"}).json["predictions"] == server.score(ROW).json["predictions"]


def test_it_says_what_it_serves(server: Server, artifact: Path):
    found = server.get("/metadata").json
    assert (found["model"], found["digest"]) == ("wards:3", digest.of_folder(artifact))
    assert found["deployment"] == f"m{found['digest'][:12]}"
    assert found["limits"] == {"rows": 50, "bytes": 1_000_000, "seconds": 5}
    assert set(found["features"]) == set(ROW)
    assert found["features"]["ward"]["categories"] == ["north", "south side"]


def test_the_probes_answer(server: Server):
    found = [server.get(path) for path in ("/live", "/ready")]
    assert [(each.status, each.text) for each in found] == [(200, '{"live":true}'), (200, '{"ready":true}')]


def test_it_counts_requests_by_status_rows_and_time(start: Callable[..., Server]):
    server = start()
    server.score(ROW, ROW)
    server.score(ROW | {"age": 300})
    server.notes("throw")
    lines = server.get("/metrics").text.splitlines()
    assert {'mlops_requests_total{status="200"} 1.0', 'mlops_requests_total{status="422"} 1.0'} < set(lines)
    assert {'mlops_requests_total{status="500"} 1.0', "mlops_rows_total 2.0"} < set(lines)
    assert {"mlops_request_seconds_count 3.0", "mlops_requests_waiting 0.0", "mlops_log_rows_dropped 0.0"} < set(lines)


def test_questions_and_answers_are_logged_and_what_is_sensitive_apart(tmp_path: Path, artifact: Path):
    with running(command("--deployment=blue", f"--spool={tmp_path}", model=artifact)) as server:
        rows = ROW, ROW | {"age": 90, "case": "A-17", "note": "a remark"}
        server.score(*rows, reasons=True, x_ms_client_request_id="letter 7")
        assert server.score(ROW | {"age": 300}).status == 422
        assert server.end() == 0
    (file,) = (tmp_path / "predictions").glob("blue-*.jsonl")
    line = json.loads(file.read_text())
    assert line["inputs"][1] == {
        name: value for name, value in (ROW | {"age": 90}).items() if name not in ("ward", "note")
    }
    assert line["outputs"][1] == {"label": "now", "decision": 1, "scores": {"can wait": 0.25, "now": 0.75}}
    (apart,) = (tmp_path / "sensitive").glob("*.jsonl")
    values = json.loads(apart.read_text())["values"]
    assert values == [{"ward": "north", "note": ROW["note"]}, {"ward": "north", "note": "a remark"}]
    assert "A-17" not in file.read_text() + apart.read_text()
    assert "letter 7" not in file.read_text() + apart.read_text()


@pytest.mark.parametrize("keyed", [True, False])
def test_a_failure_is_logged_by_its_place_without_the_id_or_a_value(tmp_path: Path, artifact: Path, keyed: bool):
    (file := tmp_path / "key").write_bytes(b"k" * ids.BYTES)
    more = {"MLOPS_LOG_KEY_FILE": str(file)} if keyed else {}
    with running(command(model=artifact), environment() | more) as server:
        answer = server.score(ROW | {"note": "quote jane"}, x_ms_client_request_id="letter 7")
        assert answer.status == 500 and answer.json["id"] == "letter 7"
        assert server.end() == 0
    said, source = "".join(server.said), artifact / "code" / "wards" / "predict.py"
    line = next(n for n, text in enumerate(source.read_text().splitlines(), 1) if "is not known" in text)
    assert f"failed: ValueError at {source}:{line}, called at " in said
    assert "jane" not in said and "is not known" not in said and "letter 7" not in said
    assert f"request {ids.hashed('letter 7', b'k' * ids.BYTES) if keyed else '(no key)'} failed" in said


def test_free_text_in_place_of_a_category_is_logged_apart(tmp_path: Path, artifact: Path):
    with running(command("--deployment=blue", f"--spool={tmp_path}", model=artifact)) as server:
        server.score(ROW, ROW | {"job": "nurse of Jane"}, ROW | {"job": None})
        assert server.end() == 0
    (file,), (apart,) = (tmp_path / "predictions").iterdir(), (tmp_path / "sensitive").iterdir()
    inputs, values = json.loads(file.read_text())["inputs"], json.loads(apart.read_text())["values"]
    assert [each.get("job", "apart") for each in inputs] == ["cook", "apart", None]
    assert [each.get("job") for each in values] == [None, "nurse of Jane", None]
    assert "Jane" not in file.read_text()


@pytest.mark.parametrize(
    ("package", "learnt", "row", "answer"),
    [
        (
            "three_class",
            {"inputs": ["pages"], "coef": [[0.0], [1.0], [2.0]], "intercept": [0.0, 0.0, -10.0]},
            {"pages": 10, "reminders": 0, "deadline_days": None},
            {"label": "normal"},
        ),
        (
            "regression",
            {"one": 100.0, "area": 10.0},
            {"area": 50, "rooms": None, "district": "a new one", "lift": True},
            {"value": 600.0},
        ),
    ],
)
def test_models_of_other_kinds_are_served(tmp_path: Path, package: str, learnt: dict, row: dict, answer: dict):
    with running(command(model=made(tmp_path, MODELS / package, json.dumps(learnt)))) as server:
        (given,) = server.score(row).json["predictions"]
        assert given.items() >= answer.items()


def test_only_what_the_image_has_is_imported():
    code = "import sys, mlops.serving.__main__; print({name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert not eval(done.stdout) & {"polars", "pydantic", "mlflow", "typer", "yaml", "rich", "jinja2", "sklearn"}


def refused(*options: str, model: Path, port: int = 0, **more: str) -> tuple[int, str]:
    words = command(*options, model=model, port=port)
    done = subprocess.run(words, env=environment() | more, capture_output=True, text=True, timeout=30)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_what_cannot_be_served_is_said_before_it_starts(artifact: Path, tmp_path: Path):
    assert refused(model=tmp_path) == (2, f"{carried.LACKING}\n")
    what = f"{made(tmp_path)}: cannot be served with the package 'wards'"
    (tmp_path / "broken").touch()
    assert refused(model=tmp_path) == (2, f"{what}: was trained with other categories.\n")
    (tmp_path / "code" / "wards" / "predict.py").write_text("import nowhere")
    assert refused(model=tmp_path) == (2, f"{what}: No module named 'nowhere'.\n")
    assert refused("--max-rows=0", model=artifact)[0] == 2
    status, said = refused("--spool=/dev/null/spool", model=artifact)
    assert status == 2 and said.startswith("/dev/null/spool: no log can be kept in it: Not a directory.")
    (empty := artifact.with_name("empty")).touch()
    status, said = refused(model=artifact, MLOPS_LOG_KEY_FILE=str(empty))
    assert status == 2 and "empty: the key of the log has 32 bytes, and this file 0. MLOPS_LOG_KEY_FILE" in said
    for url in ("acct.blob.core.windows.net/log", "${{stack.outputs.inference_log_url}}", "https://acct/log?sig=s"):
        status, said = refused(f"--spool={tmp_path}/spool", model=artifact, MLOPS_INFERENCE_LOG_URL=url)
        assert (status, said.startswith(f"{url}: is no container as https://ACCOUNT.")) == (2, True), said
    status, said = refused(model=artifact, MLOPS_LOG_KEY_FILE="/nowhere/key")
    assert status == 2 and said.startswith("/nowhere/key: the key of the log cannot be read: No such file")


def test_a_model_that_answers_no_row_of_its_contract_does_not_start(tmp_path: Path):
    status, said = refused(model=made(tmp_path, MODELS / "regression", '{"one": NaN}'))
    assert status == 3 and "does not answer" in said and "not finite" in said


def test_a_taken_port_is_said(artifact: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, said = refused(model=artifact, port=port)
    what = f"cannot listen at 127.0.0.1:{port}: Address already in use. Take another port, or stop what has it.\n"
    assert (status, said) == (2, what)
    status, said = refused(model=artifact, port=99_999)
    assert (status, "ports go from 0 to 65535" in said) == (2, True)


def test_a_registered_model_is_served_until_ctrl_c(trained: Project, tmp_path: Path):
    project = trained.copy(tmp_path / "project")
    words = [sys.executable, "-m", "mlops", "serve", "income-support-triage", "--port", "0"]
    with running(words, project.environment, project.path) as server:
        body = server.get("/openapi.json").json["paths"]["/score"]["post"]["requestBody"]["content"]["application/json"]
        (row,) = body["example"]["rows"]
        answer = server.score(row, reasons=True)
        assert answer.json["model"] == "income-support-triage:1"
        (given,) = answer.json["predictions"]
        assert 0 <= given["score"] <= 1 and given["decision"] in (0, 1) and set(given["reasons"]) == set(row)
        assert server.end(signal.SIGINT) == 130
    (log,) = (project.path / ".mlops" / "serving" / "predictions").iterdir()
    assert json.loads(log.read_text())["deployment"] == answer.json["deployment"]
