"""One worker behind HTTP, 16 connections: this server, a bare echo on the same one, azmlinfsrv with a pandas score.py.

All answer with the same trained model. Ours checks the contract, makes the features, logs and counts.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from measure import ROOT, Timing, machine, once, ratio, report
from pipelines import generate

ROUNDS, SECONDS, CONNECTIONS = 5, 4, 16
UV = ROOT / ".venv" / "bin" / "uv"
THEIRS = ("azureml-inference-server-http", "pandas", "numpy", "onnxruntime")
SIDES = {"echo": "bare echo", "ours": "ours", "silent": "ours, without the log", "theirs": "azmlinfsrv"}

ECHO = """
import sys, uvicorn

async def app(scope, receive, send):
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})

quiet = {"lifespan": "off", "log_config": None, "access_log": False}
uvicorn.run(app, port=int(sys.argv[1]), http="httptools", loop="uvloop", **quiet)
"""

SCORE = """
import json, os
import onnxruntime
import pandas as pd

def init():
    global session, facts
    folder = os.environ["AZUREML_MODEL_DIR"]
    with open(folder + "/model.json") as file:
        facts = json.load(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder + "/model.onnx", options)

def run(raw):
    rows = pd.DataFrame(json.loads(raw)["rows"])
    for name, categories in facts["categories"].items():
        rows[name] = pd.Categorical(rows[name], categories=categories).codes
    rows["capital_net"] = rows["capital_gain"] - rows["capital_loss"]
    rows["has_capital"] = (rows["capital_gain"] + rows["capital_loss"] > 0).astype(int)
    matrix = rows[facts["columns"]].to_numpy("float32")
    rows["score"] = session.run(["probabilities"], {"rows": matrix})[0][:, 1]
    rows["decision"] = (rows["score"] >= facts["threshold"]).astype(int)
    return {"predictions": rows[["score", "decision"]].to_dict("records")}
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        project = generate(folder)
        source = {"PYTHONPATH": str(project / "src")}
        once([sys.executable, "-m", "mlops", "run", "azureml/pipelines/train.yml"], project, source)
        model = next(project.glob(".mlops/runs/*/outputs/train/model"))
        (folder / "echo.py").write_text(ECHO)
        (folder / "score.py").write_text(SCORE)
        theirs = environment(folder / "theirs")

        def ours(port: int, *options: str) -> list[str]:
            return [sys.executable, "-m", "mlops.serving", f"--model={model}", f"--port={port}", *options]

        commands = {
            "echo": lambda port: [sys.executable, folder / "echo.py", str(port)],
            "ours": lambda port: ours(port, f"--spool={folder / 'spool'}"),
            "silent": ours,
            "theirs": lambda port: [theirs / "azmlinfsrv", "--entry_script", folder / "score.py", "--port", str(port)],
        }
        servers = {}
        for name, command in commands.items():
            own = {"AZUREML_MODEL_DIR": str(model), "WORKER_COUNT": "1", **(source if name != "theirs" else {})}
            servers[name] = stack.enter_context(running(command(port := free()), port, own, folder))
        bodies = {"/score one row": body(project, 1), "/score 100 rows": body(project, 100)}
        for text in bodies.values():
            same(*(ask(servers[name][1], text) for name in ("ours", "theirs")))
        print(machine("uvicorn", "uvloop", "httptools", "msgspec", "onnxruntime", "numpy"))
        print(f"beside: {versions(theirs)}")
        for title, text in bodies.items():
            (folder / "body.json").write_bytes(text)
            measure(title, {name: port for name, (_, port) in servers.items()}, folder / "body.json")
        peak = memory(servers["ours"][0].pid)
        report("The server's process", [("resident memory, at most", peak, "MB", "at most 130")])


def measure(title: str, ports: dict[str, int], text: Path) -> None:
    rounds = [{name: load(port, text) for name, port in ports.items()} for _ in range(ROUNDS)]
    assert not any(each["wrong"] for round in rounds for each in round.values()), "a request was not answered"
    rate = {name: Timing(name, tuple(round[name]["rate"] for round in rounds)) for name in ports}
    p95 = {name: Timing(name, tuple(round[name]["p95"] for round in rounds)).median for name in ports}
    lines = [(f"{SIDES[name]}: requests a second", rate[name].median, "", f"p95 {p95[name]:.1f} ms") for name in ports]
    one = "one" in title
    report(
        f"{title.removeprefix('/score ')}, {CONNECTIONS} connections, one worker each",
        [
            *lines,
            ("ours / azmlinfsrv", ratio(rate["ours"], rate["theirs"]), "×", "at least 25" if one else "at least 4.5"),
            ("echo / ours", ratio(rate["echo"], rate["ours"]), "×", "at most 4" if one else ""),
            ("what logging costs", 100 * (1 - ratio(rate["ours"], rate["silent"])), "%", "at most 5" if one else ""),
        ],
    )


def environment(folder: Path) -> Path:
    """The programs of an environment with what the other side needs."""
    once([str(UV), "venv", "--quiet", "--python", sys.executable, str(folder)], folder.parent)
    once([str(UV), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *THEIRS], folder.parent)
    return folder / "bin"


def versions(programs: Path) -> str:
    asked = f"from importlib.metadata import version; print(*(f'{{n}} {{version(n)}}' for n in {THEIRS}), sep=', ')"
    return subprocess.run([programs / "python", "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def body(project: Path, rows: int) -> bytes:
    import polars as pl

    asked = (
        "import json; from mlops.serving.request import example; "
        f"from {project.name.replace('-', '_')}.contract import ROW; print(json.dumps(list(example(ROW))))"
    )
    path = {**os.environ, "PYTHONPATH": str(project / "src")}
    named = json.loads(subprocess.run([sys.executable, "-c", asked], env=path, capture_output=True, check=True).stdout)
    table = pl.read_parquet(project / "data" / "applications.parquet", columns=named, n_rows=rows)
    return json.dumps({"rows": table.to_dicts()}).encode()


@contextmanager
def running(command: list, port: int, own: dict[str, str], folder: Path) -> Iterator[tuple[subprocess.Popen, int]]:
    with (folder / f"{port}.txt").open("w+") as log:
        process = subprocess.Popen(
            list(map(str, command)), env={**os.environ, **own}, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            else:
                sys.exit(f"{command} does not listen:\n{Path(log.name).read_text()}")
            yield process, port
        finally:
            process.terminate()
            process.wait()


def free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def ask(port: int, text: bytes) -> list[float]:
    asked = Request(f"http://127.0.0.1:{port}/score", text, {"Content-Type": "application/json"})
    with urlopen(asked) as answer:
        return [each["score"] for each in json.load(answer)["predictions"]]


def same(ours: list[float], theirs: list[float]) -> None:
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 1e-6, "the two do not serve the same model"


def load(port: int, text: Path) -> dict[str, float]:
    words = [sys.executable, Path(__file__).with_name("load.py"), port, "/score", text, CONNECTIONS, SECONDS]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def memory(process: int) -> float:
    peak = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
