"""Beyond what it can do the server refuses at once, and one bad request does no harm to others."""

import asyncio
import json
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from typing import Any

from mlops.serving.batching import Queue
from mlops.serving.capped import HEAD, MOST
from mlops.serving.scorer import Scorer
from tests.mlops.serving.models.wards.contract import ROW as WARDS
from tests.mlops.serving.servers import ROW, Server

BUSY = "Too many requests wait already: ask again in a second."


def until(done: Callable[[], bool]) -> None:
    for _ in range(600):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("it was not so within half a minute")


def begun(server: Server, length: int, body: bytes) -> HTTPConnection:
    """A request of which so much was sent."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/score")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(length))
    connection.endheaders(body)
    return connection


def memory(server: Server) -> float:
    """In MB."""
    said = server.get("/metrics").text.partition("\nprocess_resident_memory_bytes ")[2]
    return float(said.split()[0]) / 1e6


def test_beyond_its_queue_requests_are_refused_with_a_time_to_come_back(start: Callable[..., Server]):
    server = start("--max-waiting=3", "--max-rows=1")
    server.notes("sleep 0.05")  # from now on it knows that predictions take long
    answers = server.notes(*["sleep 0.5"] * 12)
    seen = Counter(answer.status for answer in answers)
    assert set(seen) == {200, 503} and 3 <= seen[200] <= 5
    refused = next(answer for answer in answers if answer.status == 503)
    assert (refused.json["error"], refused.headers["retry-after"]) == (BUSY, "1")
    assert server.score(ROW).status == 200


def test_while_a_prediction_is_slow_the_server_is_alive_but_not_ready(start: Callable[..., Server]):
    server = start("--timeout-ms=1000")
    server.notes("sleep 0.05")
    assert server.notes("sleep 4")[0].status == 503
    assert (server.get("/ready").status, server.get("/live").status) == (503, 200)
    until(lambda: server.get("/ready").status == 200)
    assert server.score(ROW).status == 200


def test_a_request_that_takes_too_long_is_given_up_and_what_hangs_is_not_alive(start: Callable[..., Server]):
    server = start("--timeout-ms=300")
    server.notes("sleep 0.05")
    hanging, behind = server.notes("sleep 3600", "sleep 3600")
    assert hanging.status == behind.status == 503
    assert hanging.json["error"] == "The model did not answer within 0.3 seconds: ask again, perhaps with fewer rows."
    assert hanging.headers["retry-after"] == "1"
    until(lambda: server.get("/live").status == 503)
    assert server.end() == 0


def test_no_more_is_predicted_at_once_than_the_limit_and_reasons_count():
    batches = []

    class Recorder(Scorer):
        def answer(self, requests: Sequence[Any]) -> list[Any]:
            batches.append([self.work(each) for each in requests])
            return [*requests]

    async def ask(*bodies: dict[str, Any]) -> None:
        scorer = Recorder(WARDS, None)
        queue = Queue(scorer, 64, 10, 5)
        requests = [scorer.reader.read(json.dumps(body).encode()) for body in bodies]
        assert await asyncio.gather(*map(queue.ask, requests)) == requests

    three = {"rows": [ROW] * 3}
    asyncio.run(ask(three, three, {"rows": [ROW], "reasons": True}, three, {"rows": [ROW] * 12}, three))
    assert batches == [[3, 3], [8], [3], [12], [3]]


def test_a_crowd_with_bodies_that_do_not_end_takes_no_memory_and_no_probe(start: Callable[..., Server]):
    server = start("--max-waiting=4", "--max-mb=4")
    before = memory(server)
    with ExitStack() as stack:
        crowd = [stack.enter_context(closing(begun(server, 4_000_000, b" " * 3_900_000))) for _ in range(40)]
        refused = [json.loads(each.getresponse().read())["error"] for each in crowd[4:]]
        assert set(refused) == {BUSY}
        assert (server.get("/live").status, server.get("/ready").status) == (200, 200)
        assert memory(server) - before < 60
    until(lambda: server.score(ROW).status == 200)


def test_beyond_its_queue_no_body_is_waited_for(start: Callable[..., Server]):
    server = start("--max-waiting=1")
    with closing(begun(server, 100, b"")), closing(begun(server, 100, b"")) as second:
        answer = second.getresponse()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        answer.read()
        second.send(b" " * 100)
        second.request("GET", "/live")
        assert second.getresponse().status == 200


def test_beyond_its_connections_only_probes_are_answered(server: Server):
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        answer = server.score(ROW)
        assert (answer.status, answer.headers["retry-after"], answer.headers["connection"]) == (503, "1", "close")
        assert server.get("/live").status == 200
    until(lambda: server.score(ROW).status == 200)


def test_whoever_sends_no_whole_headers_is_not_waited_for(server: Server):
    with ExitStack() as stack:
        begins = stack.enter_context(closing(begun(server, 100, b"")))
        silent, slow, kept = (
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30)) for _ in range(3)
        )
        kept.sendall(b"GET /live HTTP/1.1\r\n\r\n")
        assert kept.recv(1000).startswith(b"HTTP/1.1 200")

        def ended(each: socket.socket) -> bool:
            with suppress(OSError):
                each.send(b"x")
            return bool(select.select([each], [], [], 0)[0])

        for each in (slow, kept):
            each.sendall(b"GET /live HTTP/1.1\r\nX: ")
        until(lambda: all([ended(slow), ended(kept)]))
        assert silent.recv(1) == b""
        assert begins.getresponse().status == 408


def test_headers_larger_than_anybody_needs_are_refused_and_take_no_memory(server: Server):
    before = memory(server)
    with ExitStack() as stack:
        for start in (b"", b"POST /score HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"):
            for name in (b"X: ", b"X: y\r\n"):
                one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
                one.sendall(start or b"GET /live HTTP/1.1\r\n")
                with suppress(OSError):
                    for _ in range(1000):
                        one.sendall(name * (HEAD // len(name)))
                    raise AssertionError("60 MB were read")
    one = socket.create_connection(("127.0.0.1", server.port), 30)
    with closing(one):
        one.sendall(b"GET /live HTTP/1.1\r\nX: ".ljust(HEAD, b"x"))
        assert one.recv(1000).startswith(b"HTTP/1.1 431 ")
    assert memory(server) - before < 20
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as one:
        for _ in range(HEAD // 1000 + 1):
            one.request("GET", "/live", headers={"X": "x" * 1000})
            assert one.getresponse().read() == b'{"live":true}'
    long = {"x_ms_client_request_id": "7" * 60_000}
    for _ in range(3):
        assert (server.score(ROW, **long).status, server.score(*[ROW] * 50).status) == (400, 200)


def test_a_body_that_does_not_arrive_is_not_waited_for(start: Callable[..., Server]):
    server = start("--timeout-ms=300")
    connection = begun(server, 100, b'{"rows": [')
    answer = connection.getresponse()
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert (
        json.loads(answer.read())["error"]
        == "The body did not arrive within 0.3 seconds: ask again, perhaps with fewer rows."
    )
    connection.close()


def test_a_request_that_makes_the_model_fail_fails_alone(start: Callable[..., Server]):
    server = start()
    server.notes("sleep 0.05")
    answers = server.notes("sleep 0.3", None, "throw", None, "nan", None)
    assert [answer.status for answer in answers] == [200, 200, 500, 200, 500, 200]
    assert answers[2].json["error"] == "The model failed on this request. The server's log says why."
    assert server.score(ROW | {"heat": 42}, reasons=True).status == 500
    server.end()
    assert "RuntimeError at " in "".join(server.said) and "ValueError at " in "".join(server.said)
