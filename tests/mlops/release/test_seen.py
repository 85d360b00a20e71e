"""What the logs of a laptop's endpoint show, whole or cut off."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops.outcomes import ids, store
from mlops.platform.base import Edges
from tests.mlops.release.conftest import Shop

EDGES = Edges((10.0, 100.0), "score", (0.25, 0.75))
SINCE = float(int(time.time()) - 100)


def write(file: Path, *lines: dict[str, Any], rest: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + rest)


def test_the_lines_of_each_deployment_are_counted_where_they_are_whole(shop: Shop):
    assert shop.endpoint.observe(SINCE, EDGES) == ()
    logs, old, new = shop.path / ".mlops/serving", {"deployment": "old"}, {"deployment": "new"}
    answers = ((old, 0.1, 200, 5.0), (new, 0.2, 200, 50.0), (new, 1.2, 503, 500.0), (new, -5.0, 200, 5.0))
    said = [{"time": SINCE + at, **who, "status": status, "ms": ms} for who, at, status, ms in answers]
    write(logs / "traffic/endpoint-1.jsonl", *said[:2], rest='{"time": 17')
    write(logs / "traffic/endpoint-2.jsonl", *said[2:], {"time": time.time() + 60, **new, "status": 200, "ms": 5.0})
    outputs = {"score": 0.5, "decision": 1, "scores": {"a": 1}}
    key = ids.of_project(shop.path / ".mlops")
    one = {"time": SINCE + 0.2, "id": ids.hashed("one", key), "row": 0, "model": "shop:1", "inputs": {"age": 40}}
    write(logs / "predictions/new-1.jsonl", {**one, **new, "outputs": outputs}, rest="\n{")
    [early, first, second] = sorted(
        shop.endpoint.observe(SINCE, EDGES), key=lambda it: (it.start, it.requests, it.scores)
    )
    assert (first.deployment, first.start, first.requests, first.latency) == ("new", SINCE, 1, (0, 1, 0))
    assert (first.scores, early.scores) == ((0, 1, 0), (0, 0, 0))
    assert (second.deployment, second.start, second.errors) == ("new", SINCE + 1, 1)

    file = shop.path / "outcomes.csv"
    now = datetime.now(UTC)
    file.write_text(f"request_id,outcome,time,decision\none,true,{now - timedelta(seconds=9)},yes\n")
    label = __import__("shop.contract", fromlist=["ROW"]).ROW["buys"]
    store.add(shop.path / ".mlops", file, label, now, now - timedelta(days=30))
    found = {(it.deployment, it.start): it for it in shop.endpoint.observe(SINCE, EDGES)}
    assert found["new", SINCE].outcomes == (1, 1, 1)

    write(shop.path / ".mlops/serving/predictions/new-2.jsonl", rest='{"time": 1')
    write(shop.path / ".mlops/serving/predictions/new-3.jsonl")
    assert {(it.deployment, it.start): it for it in shop.endpoint.observe(SINCE, EDGES)} == found
