"""Callers of the endpoint on this machine: each sends one application after the other, until standard input ends.

Run in a project, by its own interpreter. Prints as JSON how many were answered, by which deployment, and who was not.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from importlib import import_module
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl

from mlops import platform, settings

CALLERS, PATIENCE_SECONDS = 6, 5.0
RATE = 150
"""Requests a second of all together: more than `service.online` promises, so that nobody waits for an hour."""


def call(address: str, bodies: list[bytes], ended: threading.Event, by: Counter, failed: Counter, first: int) -> None:
    began = time.monotonic()
    for turn in count():
        if ended.wait(max(0.0, began + turn * CALLERS / RATE - time.monotonic())):
            return
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_SECONDS)
        try:
            body = bodies[(first + turn * CALLERS) % len(bodies)]
            connection.request("POST", "/score", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                by[answer.headers["azureml-model-deployment"]] += 1
            else:
                failed[str(answer.status)] += 1
        except (OSError, http.client.HTTPException) as error:
            failed[type(error).__name__] += 1
        finally:
            connection.close()


def main(project: Path) -> None:
    known = settings.load(project / "mlops.yaml")
    address = platform.open("local", project).endpoint.address
    if not address:
        sys.exit("No endpoint runs on this machine, so callers cannot ask.")
    names = [each.name for each in import_module(f"{known.model.package}.contract").ROW.features]
    rows = pl.read_parquet(project / "data" / "applications.parquet").select(names).sample(3000, seed=1).to_dicts()
    bodies = [json.dumps({"rows": [row]}).encode() for row in rows]
    ended, by, failed = threading.Event(), Counter[str](), Counter[str]()
    arguments = (address, bodies, ended, by, failed)
    callers = [threading.Thread(target=call, args=(*arguments, first)) for first in range(CALLERS)]
    for each in callers:
        each.start()
    sys.stdin.read()
    ended.set()
    for each in callers:
        each.join()
    print(json.dumps({"answered": by.total(), "failed": failed, "by": by}))


if __name__ == "__main__":
    main(Path.cwd())
