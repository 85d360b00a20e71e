"""The endpoint on this machine, on real processes."""

import asyncio
import json
import signal
import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from mlops.connections import Connections
from mlops.errors import Failure, Refused
from mlops.platform.endpoint import Deployment
from mlops.serving.capped import MOST
from tests.mlops.release.making import SPEC_FILE
from tests.mlops.release.shops import BODY, Shop, eventually


def deployment(shop: Shop, reference: str) -> Deployment:
    digest = shop.platform.models.get(reference).digest
    return Deployment(f"m{digest[:12]}", reference, "image", shop.path / SPEC_FILE)


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]


def test_a_life_of_an_endpoint(shop: Shop):
    assert (shop.endpoint.state().deployments, shop.endpoint.address, shop.processes()) == ({}, None, [])
    old, new, bad = (deployment(shop, shop.register(facts)) for facts in ({}, {"shift": 0.1}, {"dies": True}))
    shop.endpoint.deploy(old)
    shop.endpoint.deploy(old)
    assert shop.endpoint.state().deployments[old.name].state == "healthy"
    with pytest.raises(Failure, match=r"(?s)did not become healthy: its server ended with.*this model dies at start"):
        shop.endpoint.deploy(bad)
    with pytest.raises(Refused, match="is failed and gets no traffic"):
        shop.endpoint.traffic({bad.name: 100}, {})
    shop.endpoint.remove(bad.name)

    (shop.path / "src" / "shop" / "predict.py").write_text("what somebody writes next must not be served")
    shop.endpoint.deploy(new)
    shop.endpoint.traffic({old.name: 100}, {new.name: 50})
    asked = [shop.ask() for _ in range(20)]
    assert {status for status, _ in asked} == {200}
    assert {answer["deployment"] for _, answer in asked} == {old.name}
    assert shop.ask(new.name)[1]["predictions"] == [{"score": 0.5, "decision": 1}]
    with pytest.raises(Refused, match="has traffic and is not removed"):
        shop.endpoint.remove(old.name)

    address = shop.endpoint.address
    shop.endpoint.stop()
    assert shop.endpoint.address is None
    eventually(lambda: not shop.processes())
    said, answered = lines(shop.path / ".mlops/serving/traffic"), lines(shop.path / ".mlops/serving/predictions")
    copied = [line for line in said if line["mirrored"]]
    assert {line["deployment"] for line in copied} == {new.name}
    assert {line["id"] for line in copied} < {line["id"] for line in said if line["deployment"] == old.name}
    assert {line["id"] for line in said} == {line["id"] for line in answered}

    shop.endpoint.deploy(new)
    assert shop.endpoint.address == address
    assert shop.endpoint.state().traffic == {old.name: 100}
    shop.endpoint.traffic({new.name: 100}, {})
    shop.endpoint.remove(old.name)
    assert [*shop.endpoint.state().deployments] == [new.name]


def test_a_server_that_hangs_or_dies_is_started_again(served: Shop):
    served.controller.tick()
    name = served.champion
    first = served.server(name)
    first.send_signal(signal.SIGKILL)
    eventually(lambda: served.ask()[0] == 200)
    second = served.server(name)
    assert second.pid != first.pid
    second.send_signal(signal.SIGSTOP)
    status, answer = served.ask()
    assert status in (503, 504)
    assert "did not answer" in answer["error"]
    eventually(lambda: served.ask()[0] == 200)
    assert served.server(name).pid != second.pid
    assert served.endpoint.state().deployments[name].state == "healthy"


def router(shop: Shop) -> psutil.Process:
    return psutil.Process(json.loads((shop.path / ".mlops/endpoint/actual.json").read_text())["pid"])


def test_of_lines_that_say_the_same_again_and_again_the_first_is_shown(shop: Shop):
    logs = shop.path / ".mlops/endpoint/logs"
    logs.mkdir(parents=True)
    failed = [f"ERROR: request {number:064x} failed: ValueError at predict.py:79" for number in range(30)]
    (logs / "m1.txt").write_text("\n".join(["it answers", *failed, "it ends", *map(str, range(9))]))
    first, many, *rest = shop.endpoint.logs("m1").splitlines()
    assert (first, many) == ("it answers", "ERROR: request … failed: ValueError at predict.py:79 (30 times)")
    assert rest == ["it ends", *map(str, range(9)), f"All of it: {logs / 'm1.txt'}"]


def test_a_router_that_was_killed_is_started_again_by_the_next_command(served: Shop):
    served.controller.tick()
    address, before = served.endpoint.address, served.processes()
    router(served).kill()
    done = served.mlops("release", "status")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy, 100 % live" in done.stdout
    assert served.endpoint.address == address
    assert served.ask()[0] == 200
    eventually(lambda: not {each.pid for each in before} & {each.pid for each in served.processes()})


def test_whatever_was_killed_is_cleaned_by_the_next_command(served: Shop):
    served.controller.tick()
    server, folder = served.server(served.champion), served.path / ".mlops/endpoint"
    guard = server.parent()
    assert guard
    for left in ("m00000000000f", ".m00000000000e.0123abcd"):
        (folder / left / "code").mkdir(parents=True)
    for act in (psutil.Process.suspend, psutil.Process.kill):
        act(router(served))
        act(guard)
    assert server.is_running()
    down = served.mlops("release", "down")
    assert down.returncode == 0, down.stderr
    eventually(lambda: not served.processes())
    assert [each.name for each in folder.iterdir() if each.is_dir() and each.name != "logs"] == [served.champion]


def test_a_crowd_that_only_stays_connected_costs_no_more_than_so_much(served: Shop):
    """One connection beyond is told to come back, and those that say nothing make room."""
    served.controller.tick()
    with ExitStack() as crowd:
        for _ in range(MOST):
            crowd.enter_context(socket.create_connection(served.address))
        connections = Connections(f"{served.endpoint.address}/score")
        refused = asyncio.run(connections.post(BODY))
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert json.loads(refused.body)["error"] == "Too many are connected: ask again in a second."
        eventually(lambda: served.ask()[0] == 200)


def test_an_endpoint_whose_project_is_removed_ends(served: Shop):
    served.controller.tick()
    (served.path / ".mlops/endpoint/wanted.json").unlink()
    eventually(lambda: not served.processes())
