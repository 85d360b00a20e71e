"""`python -m mlops.serving`: one model in one process behind HTTP."""

import argparse
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn

from mlops import carried, digest
from mlops.errors import Misuse, exits
from mlops.outcomes import ids
from mlops.serving import vault
from mlops.serving.app import App
from mlops.serving.batching import Queue
from mlops.serving.capped import Capped
from mlops.serving.log import Log
from mlops.serving.metrics import Metrics
from mlops.serving.scorer import Scorer
from mlops.serving.sender import Sender


def positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise ValueError(text)
    return value


def folder(text: str) -> Path | None:
    return Path(text) if text else None


def artifact(text: str) -> Path:
    return carried.artifact(Path(text))


OPTIONS: dict[str, tuple[Any, Any, str]] = {
    "model": (artifact, os.environ.get("AZUREML_MODEL_DIR"), "the folder of the artifact"),
    "deployment": (str, "", "name of the deployment"),
    "version": (str, "", "the model as name:version"),
    "host": (str, "127.0.0.1", "address to listen at"),
    "port": (int, 8000, "port; 0 takes a free one"),
    "spool": (folder, "", "folder of the log of predictions; without it none is kept"),
    "max-waiting": (positive, 64, "requests that wait at once"),
    "timeout-ms": (positive, 5000, "time that a request may take"),
    "max-rows": (positive, 1000, "rows of a request"),
    "max-mb": (positive, 4, "size of a request"),
}
"""Each may also be said by a variable: `--max-rows` by `MLOPS_MAX_ROWS`."""


def options(words: list[str] | None = None) -> argparse.Namespace:
    """What a command line says (this process's unless it is given), else the variables, else what is usual."""
    parser = argparse.ArgumentParser("python -m mlops.serving", description=__doc__)
    for name, (type_, usual, about) in OPTIONS.items():
        found = os.environ.get("MLOPS_" + name.upper().replace("-", "_"), usual)
        parser.add_argument(f"--{name}", type=type_, default=found, required=found is None, help=about)
    return parser.parse_args(words)


def application(given: argparse.Namespace) -> App:
    with carried.served(given.model) as package:
        scorer = Scorer.load(package, given.model, given.max_rows)
    sys.dont_write_bytecode = True
    whole = digest.of_folder(given.model)
    deployment, model = given.deployment or f"m{whole[:12]}", given.version or f"@{whole[:12]}"
    queue = Queue(scorer, given.max_waiting, given.max_rows, given.timeout_ms / 1000)
    log = Log(given.spool, key(os.environ), deployment, model, scorer.contract.features)
    metrics = Metrics(model, deployment, lambda: len(queue.waiting), lambda: log.dropped)
    return App(scorer, queue, metrics, log, {"model": model, "deployment": deployment, "digest": whole}, given.max_mb)


def key(environment: Mapping[str, str]) -> bytes | None:
    """Of the log's ids: from a key vault, or a file, if one is named."""
    if url := environment.get("MLOPS_LOG_KEY_URL"):
        return vault.key(url, environment)
    file = environment.get("MLOPS_LOG_KEY_FILE")
    try:
        found = Path(file).read_bytes() if file else None
    except OSError as error:
        what = f"the key of the log cannot be read: {error.strerror}. MLOPS_LOG_KEY_FILE names it."
        raise Misuse(what, file) from error
    if found is not None and len(found) != ids.BYTES:
        what = f"the key of the log has {ids.BYTES} bytes, and this file {len(found)}. MLOPS_LOG_KEY_FILE names it."
        raise Misuse(what, file)
    return found


def listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=2048)
    except (OSError, OverflowError) as error:
        why = os.strerror(error.errno or 0) if isinstance(error, OSError) else "ports go from 0 to 65535"
        raise Misuse(f"cannot listen at {host}:{port}: {why}. Take another port, or stop what has it.") from error


def serve(given: argparse.Namespace) -> None:
    """Load the model, listen until told to end, then answer what was accepted."""
    app, sender = application(given), given.spool and Sender(given.spool)
    settings = uvicorn.Config(
        app, http=Capped, loop="uvloop", lifespan="off", ws="none", log_config=None, access_log=False,
        server_header=False, proxy_headers=False, timeout_graceful_shutdown=given.timeout_ms // 1000 + 1,
    )  # fmt: skip
    with listen(given.host, given.port) as port:
        host, number = port.getsockname()[:2]
        print(f"{app.about['model']} answers at http://{host}:{number}/score", flush=True)
        try:
            uvicorn.Server(settings).run(sockets=[port])
        finally:
            app.log.close()
            sender and sender.close()


def main() -> None:
    with exits():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        serve(options())


if __name__ == "__main__":
    main()
