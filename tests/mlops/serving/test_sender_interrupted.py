"""A sender that is interrupted, or is not alone: all arrives, and nothing twice."""

import random
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.error import HTTPError

import pytest

from mlops.serving import sender as module
from tests.mlops.serving.azure import Blobs
from tests.mlops.serving.spools import idle, now, write


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_request_or_an_answer_that_is_lost_does_no_harm(tmp_path: Path, azure: Blobs, monkeypatch, lost: str) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    text = random.Random(7).randbytes(1000)
    write(tmp_path, text)
    sender, real, draw = idle(tmp_path, azure, monkeypatch), module.direct.open, random.Random(3)

    def unreliable(request: Any, timeout: float) -> Any:
        broken = draw.random() < 0.5
        if broken and lost == "request":
            raise ConnectionResetError
        answer = real(request, timeout=timeout)
        if broken:
            answer.close()
            raise TimeoutError
        return answer

    monkeypatch.setattr(module.direct, "open", unreliable)
    tries = until_sent(tmp_path, sender.send)
    assert tries > 5 and list(azure.all("log").values()) == [text]


def until_sent(spool: Path, send: Callable[[], object]) -> int:
    for tries in range(1, 200):
        try:
            send()
        except OSError:
            continue
        if not list((spool / "predictions").iterdir()):
            return tries
    raise AssertionError("it was never sent")


def test_a_sender_that_is_killed_anywhere_sends_nothing_twice(tmp_path: Path, azure: Blobs) -> None:
    text = random.Random(7).randbytes(60_000)
    write(tmp_path, text)
    code = """
        import sys
        from pathlib import Path
        from mlops.serving import sender
        sender.BLOCK, sender.PAUSE = 400, 3600
        sender.Sender(Path(sys.argv[1])).send()
    """
    environment = azure.environment | {"PYTHONPATH": str(Path(module.__file__).parents[2])}
    command, draw = [sys.executable, "-B", "-c", textwrap.dedent(code), str(tmp_path)], random.Random(5)
    for part in range(5):
        enough = part * 8_000 + draw.randrange(8_000)
        with subprocess.Popen(command, env=environment) as process:
            while sum(map(len, azure.all("log").values())) <= enough:
                assert process.poll() is None
            process.kill()
    subprocess.run(command, env=environment, check=True)
    assert list(azure.all("log").values()) == [text]


def test_two_senders_at_once_send_nothing_twice(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    text = random.Random(7).randbytes(5000)
    write(tmp_path, text)
    both = [idle(tmp_path, azure, monkeypatch) for _ in range(2)]
    threads = [Thread(target=until_sent, args=(tmp_path, sender.send)) for sender in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(azure.all("log").values()) == [text]


def test_a_blob_that_another_made_in_the_meantime_is_not_made_anew(tmp_path: Path, azure: Blobs, monkeypatch) -> None:
    write(tmp_path, b"text", now())
    slow, quick, real = *(idle(tmp_path, azure, monkeypatch) for _ in range(2)), module.direct.open

    def late(request: Any, timeout: float) -> Any:
        if request.get_header("X-ms-blob-type"):
            monkeypatch.setattr(module.direct, "open", real)
            quick.send()
        return real(request, timeout=timeout)

    monkeypatch.setattr(module.direct, "open", late)
    with pytest.raises(HTTPError, match="409"):
        slow.send()
    slow.send()
    assert list(azure.all("log").values()) == [b"text"]


def test_senders_that_start_at_once_have_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together, real = Barrier(8), uuid.uuid4

    def at_once() -> uuid.UUID:
        together.wait()
        return real()

    monkeypatch.setattr(module.uuid, "uuid4", at_once)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(module._instance, [tmp_path / "instance"] * 8))) == 1
