"""A spool as a server leaves it, and a sender of it that does nothing by itself."""

import time
from pathlib import Path

import pytest

from mlops.serving import sender
from tests.mlops.serving.azure import Blobs

LONG_AGO = "m0123-20260105T0930-1.jsonl"


def write(spool: Path, text: bytes, name: str = LONG_AGO, kind: str = "predictions") -> Path:
    (spool / kind).mkdir(parents=True, exist_ok=True)
    (spool / kind / name).write_bytes(text)
    return spool / kind / name


def now() -> str:
    return f"m0123-{time.strftime('%Y%m%dT%H%M', time.gmtime())}-1.jsonl"


def idle(spool: Path, azure: Blobs, monkeypatch: pytest.MonkeyPatch, **more: str) -> sender.Sender:
    """A sender that sends only when it is told to."""
    monkeypatch.setattr(sender, "PAUSE", 3600)
    return sender.Sender(spool, azure.environment | more)
