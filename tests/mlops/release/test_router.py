"""Which deployment gets a request, and what a copy costs: the router with servers that only count."""

import asyncio
import json
import socket
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mlops.connections import Answer
from mlops.outcomes import ids
from mlops.platform.local.endpoint.__main__ import _listening
from mlops.platform.local.endpoint.router import MOST_BYTES, MOST_COPIES, MOST_HELD, Router
from mlops.serving.minutes import Minutes

KEY = b"k" * 32


class Server:
    """Says its name, once `free`; counts what it is asked."""

    def __init__(self, name: str) -> None:
        self.name, self.asked, self.free = name, Counter[str](), asyncio.Event()
        self.free.set()

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked[headers["x-ms-client-request-id"]] += 1
        await self.free.wait()
        return Answer(200, {"content-type": "text/plain"}, self.name.encode())


class Bench:
    def __init__(self, folder: Path) -> None:
        self.router = Router(Minutes(folder, "endpoint"), KEY, Random(7))
        self.old, self.new = Server("old"), Server("new")
        self.router.servers = {"old": self.old, "new": self.new}  # type: ignore[dict-item]
        self.folder = folder

    async def ask(self, body: bytes = b"{}", **headers: str) -> tuple[int, dict[str, str], bytes]:
        sent = list[dict[str, Any]]()
        pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return messages.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.router({"method": "POST", "path": "/score", "headers": pairs}, receive, send)
        found = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
        return sent[0]["status"], found, sent[1]["body"]

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for file in self.folder.glob("*.jsonl") for line in file.read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "traffic")


def test_each_request_is_drawn_with_the_shares(bench: Bench):
    async def ask() -> Counter[bytes]:
        bench.router.traffic = {"old": 90, "new": 10}
        return Counter([(await bench.ask())[2] for _ in range(1000)])

    found = asyncio.run(ask())
    assert found == {b"old": 911, b"new": 89}
    assert Counter(line["deployment"] for line in bench.logged) == {"old": 911, "new": 89}


def test_a_request_that_names_a_deployment_goes_there_and_is_not_copied(bench: Bench):
    async def ask() -> None:
        bench.router.traffic, bench.router.mirror = {"old": 100}, {"new": 50}
        for _ in range(20):
            status, headers, body = await bench.ask(azureml_model_deployment="new", x_ms_client_request_id="me")
            assert (status, body) == (200, b"new")
            assert (headers["azureml-model-deployment"], headers["x-ms-client-request-id"]) == ("new", "me")
        status, _, body = await bench.ask(azureml_model_deployment="moon")
        assert (status, json.loads(body)["error"]) == (404, "there is no deployment moon here.")
        bench.router.traffic = {}
        status, _, body = await bench.ask()
        assert (status, json.loads(body)["error"]) == (404, "no deployment has a share of the requests.")

    asyncio.run(ask())
    assert bench.new.asked == {"me": 20}
    assert {(line["id"], line["mirrored"]) for line in bench.logged} == {(ids.hashed("me", KEY), False)}


def test_nobody_waits_for_copies_and_only_so_many_are_under_way(bench: Bench):
    async def ask() -> None:
        bench.router.traffic, bench.router.mirror = {"old": 100}, {"new": 50}
        bench.new.free.clear()
        for number in range(400):
            assert (await bench.ask(x_ms_client_request_id=f"{number}"))[2] == b"old"
        await asyncio.sleep(0)
        assert bench.new.asked.total() == MOST_COPIES
        bench.new.free.set()
        await asyncio.sleep(0.01)
        for _ in range(400):
            await bench.ask()
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)

    asyncio.run(ask())
    assert bench.old.asked.total() == 800
    copies = bench.new.asked.total() - MOST_COPIES
    assert copies == 199
    assert set(bench.new.asked) <= set(bench.old.asked)
    assert sum(line["mirrored"] for line in bench.logged) == MOST_COPIES + copies


def test_a_body_that_no_endpoint_takes_reaches_no_server(bench: Bench):
    bench.router.traffic = {"old": 100}
    status, _, body = asyncio.run(bench.ask(b" " * (MOST_BYTES + 1)))
    assert (status, json.loads(body)["error"][:33]) == (413, "the body has more than 10,485,760")
    assert not bench.old.asked


def test_a_caller_who_leaves_in_the_middle_is_asked_for_nothing_more(bench: Bench):
    messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> dict[str, Any]:
        return messages.pop()

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError(message)

    bench.router.traffic = {"old": 100}
    asyncio.run(bench.router({"method": "POST", "path": "/score", "headers": []}, receive, send))
    assert not bench.old.asked


def test_an_empty_id_is_none(bench: Bench):
    bench.router.traffic = {"old": 100}
    _, headers, _ = asyncio.run(bench.ask(x_ms_client_request_id=""))
    assert len(headers["x-ms-client-request-id"]) == 36
    assert [*bench.old.asked] == [headers["x-ms-client-request-id"]]


def test_bodies_under_way_are_bounded_together(bench: Bench):
    """Seventeen callers with large requests, of whom sixteen fit in."""

    async def ask() -> list[tuple[int, dict[str, str], bytes]]:
        bench.router.traffic, bench.router.mirror = {"old": 100}, {"new": 50}
        bench.old.free.clear()
        first = [asyncio.create_task(bench.ask(b" " * MOST_BYTES)) for _ in range(MOST_HELD // MOST_BYTES)]
        beyond = asyncio.create_task(bench.ask(b" "))
        await asyncio.sleep(0)
        bench.old.free.set()
        await asyncio.gather(*first)
        return [await beyond, await bench.ask(b" ")]

    refused, taken = asyncio.run(ask())
    assert (refused[0], refused[1]["retry-after"]) == (503, "1")
    assert json.loads(refused[2])["error"] == "too many large requests are under way. Ask again."
    assert (taken[0], bench.old.asked.total()) == (200, MOST_HELD // MOST_BYTES + 1)


def test_an_answer_does_not_wait_until_the_caller_has_said_that_the_last_one_came():
    with _listening(0) as server, socket.create_connection(server.getsockname()), server.accept()[0] as taken:
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
