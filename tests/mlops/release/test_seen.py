"""What the logs of a laptop's endpoint show, whole or cut off."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlops.outcomes import ids, store
from mlops.platform.endpoint import Edges
from mlops.platform.local.endpoint.seen import seen
from tests.mlops.release.shops import Shop

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
    one = {"time": SINCE + 0.2, "id": ids.hashed("one", key), "model": "shop:1", "inputs": [{"age": 40}]}
    several = {**one, **new, "time": SINCE + 1.2, "outputs": [outputs, *[{"score": 0.9, "decision": True}] * 9]}
    other = {**one, **new, "row": 0, "outputs": outputs}
    write(logs / "predictions/new-1.jsonl", {**one, **new, "outputs": [outputs]}, several, other, rest="\n{")
    [early, first, second] = sorted(
        shop.endpoint.observe(SINCE, EDGES), key=lambda it: (it.start, it.requests, it.scores)
    )
    assert (first.deployment, first.start, first.requests, first.latency) == ("new", SINCE, 1, (0, 1, 0))
    assert (first.scores, early.scores) == ((0, 1, 0), (0, 0, 0))
    assert (second.deployment, second.start, second.errors, second.scores) == ("new", SINCE + 1, 1, (0, 1, 0))

    file = shop.path / "outcomes.csv"
    now = datetime.now(UTC)
    file.write_text(f"request_id,outcome,time,decision\none,true,{now - timedelta(seconds=9)},yes\n")
    label = __import__("shop.contract", fromlist=["ROW"]).ROW["buys"]
    store.add(shop.path / ".mlops", file, label, now, now - timedelta(days=30))
    found = {(it.deployment, it.start): it for it in shop.endpoint.observe(SINCE, EDGES)}
    assert (found["new", SINCE].outcomes, found["new", SINCE + 1].outcomes) == ((1, 1, 1), (0, 0, 0))

    write(shop.path / ".mlops/serving/predictions/new-2.jsonl", rest='{"time": 1')
    write(shop.path / ".mlops/serving/predictions/new-3.jsonl")
    assert {(it.deployment, it.start): it for it in shop.endpoint.observe(SINCE, EDGES)} == found


def test_a_file_is_read_again_only_when_it_grew(shop: Shop):
    """What stands in it after its first look does not matter, as long as size and time are the same."""
    file, line = shop.path / ".mlops/serving/traffic/endpoint-1.jsonl", {"time": SINCE, "deployment": "old", "ms": 5.0}
    write(file, line | {"status": 200})
    endpoint, stood = shop.endpoint, file.stat()
    [first] = endpoint.observe(SINCE, EDGES)
    write(file, line | {"status": 500})
    os.utime(file, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    assert endpoint.observe(SINCE, EDGES) == (first,)
    write(file, line | {"status": 500}, line | {"status": 500})
    [both] = endpoint.observe(SINCE, EDGES)
    assert (first.errors, both.requests, both.errors) == (0, 2, 2)
    seen(shop.path, SINCE, EDGES, read := {})
    assert [*read] == [file]
    assert seen(shop.path, time.time() + 60, EDGES, read) == ()
    assert not read
