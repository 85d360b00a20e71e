"""Beyond what it can do the server refuses at once, and one bad request does no harm to others."""

import json
from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection

from tests.mlops.serving.servers import ROW, Server

BUSY = "Too many requests wait already: ask again in a second."


def test_beyond_its_queue_requests_are_refused_with_a_time_to_come_back(start: Callable[..., Server]):
    server = start("--max-waiting=3", "--max-rows=1")
    server.notes("sleep 0.05")  # from now on it knows that predictions take long
    answers = server.notes(*["sleep 0.5"] * 12)
    seen = Counter(answer.status for answer in answers)
    assert set(seen) == {200, 503} and 3 <= seen[200] <= 5
    refused = next(answer for answer in answers if answer.status == 503)
    assert (refused.json["error"], refused.headers["retry-after"]) == (BUSY, "1")
    assert server.score(ROW).status == 200


def test_a_request_that_takes_too_long_is_given_up_and_probes_say_that_it_hangs(start: Callable[..., Server]):
    server = start("--timeout-ms=300")
    server.notes("sleep 0.05")
    hanging, behind = server.notes("sleep 3600", "sleep 3600")
    assert hanging.status == behind.status == 503
    assert hanging.json["error"] == "The model did not answer within 0.3 seconds: ask again."
    assert hanging.headers["retry-after"] == "1"
    assert (server.get("/ready").status, server.get("/live").status) == (503, 503)
    assert server.end() == 0


def test_a_body_that_does_not_arrive_is_not_waited_for(start: Callable[..., Server]):
    server = start("--timeout-ms=300")
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/score")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b'{"rows": [')
    answer = connection.getresponse()
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert json.loads(answer.read())["error"] == "The body did not arrive within 0.3 seconds: ask again."
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
