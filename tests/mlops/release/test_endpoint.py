"""The endpoint on this machine, on real processes."""

import http.client
import json
import os
import signal
from pathlib import Path

import pytest

from mlops.errors import Failure, Refused
from mlops.platform.base import Deployment
from tests.mlops.release.conftest import SPEC_FILE, Shop, eventually

BODY = json.dumps({"rows": [{"age": 40, "place": "town"}]}).encode()


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
    asked = [shop.endpoint.ask(None, BODY) for _ in range(20)]
    assert {status for status, _ in asked} == {200}
    assert {json.loads(body)["deployment"] for _, body in asked} == {old.name}
    assert json.loads(shop.endpoint.ask(new.name, BODY)[1])["predictions"] == [{"score": 0.5, "decision": 1}]
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
    eventually(lambda: served.endpoint.ask(None, BODY)[0] == 200)
    second = served.server(name)
    assert second.pid != first.pid
    second.send_signal(signal.SIGSTOP)
    connection = http.client.HTTPConnection(*served.address)
    connection.request("POST", "/score", BODY, {"content-type": "application/json"})
    assert (answer := connection.getresponse()).status in (503, 504)
    assert "did not answer" in json.loads(answer.read())["error"]
    eventually(lambda: served.endpoint.ask(None, BODY)[0] == 200)
    assert served.server(name).pid != second.pid
    assert served.endpoint.state().deployments[name].state == "healthy"


def test_a_router_that_was_killed_is_started_again_by_the_next_command(served: Shop):
    served.controller.tick()
    address, before = served.endpoint.address, served.processes()
    os.kill(json.loads((served.path / ".mlops/endpoint/actual.json").read_text())["pid"], signal.SIGKILL)
    done = served.mlops("release", "status")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "healthy, 100 % live" in done.stdout
    assert served.endpoint.address == address
    assert served.endpoint.ask(None, BODY)[0] == 200
    eventually(lambda: not {each.pid for each in before} & {each.pid for each in served.processes()})


def test_an_endpoint_whose_project_is_removed_ends(served: Shop):
    served.controller.tick()
    (served.path / ".mlops/endpoint/wanted.json").unlink()
    eventually(lambda: not served.processes())
