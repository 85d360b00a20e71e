"""A server that is told to end answers what it has accepted."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.mlops.serving.servers import Server


def test_what_was_accepted_is_answered_and_logged_before_the_end(start: Callable[..., Server], tmp_path: Path):
    server = start(f"--spool={tmp_path}")
    server.notes("sleep 0.05")
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(server.notes, "sleep 0.8", "sleep 0.8")
        while "waiting 1.0" not in server.get("/metrics").text:
            assert not asked.done()
        assert server.end() == 0
        assert [answer.status for answer in asked.result()] == [200, 200]
    logs = (tmp_path / "predictions").iterdir()
    assert len([json.loads(line) for log in logs for line in log.read_text().splitlines()]) == 3
    with pytest.raises(ConnectionError):
        server.get("/live")
