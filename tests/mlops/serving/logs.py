"""An inference log to write to, and what is in its files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from mlops.contract.types import Column
from mlops.outcomes import ids
from mlops.serving.log import Log

KEY = b"k" * ids.BYTES
SEX = Column("sex", "category", categories=("Female", "Male"), nullable=True, sensitive=True)
ANSWER = {"score": 0.5, "decision": 1}


class Row(msgspec.Struct, rename={"years": "age"}):
    """As a server reads it: a struct, whose fields need not be called as in JSON."""

    years: Any = 41
    sex: Any = "Female"
    note: Any = None


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]


def opened(spool: Path, key: bytes | None = KEY, features: Sequence[Column] = ()) -> Log:
    return Log(spool, key, "m0123", "triage:3", features)
