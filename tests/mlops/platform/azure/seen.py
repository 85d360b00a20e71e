"""What one test sees of the adapters, held against the tables."""

import json
import os
import re
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

import mlops.platform.azure
from mlops.errors import Failure, MlopsError
from tests.emulator.https.cloud import MADE_BY
from tests.mlops.platform.azure.tables import HERE, Row, Table

ADAPTERS = Path(mlops.platform.azure.__file__).parent
WAYS = ("__init__", "client", "patience", "sentences")
"""Modules that ask for others."""
Caught = pytest.ExceptionInfo[MlopsError]
VARIES = re.compile(r"/tmp/\S*|[0-9a-f]{8}-[0-9a-f-]{27}|\bm?[0-9a-f]{12,}\b|(?<=port=)\d+|(?<=\w:)\d+\b|0x[0-9a-f]+")


class Seen:
    """What one test sees."""

    def __init__(self) -> None:
        self.failures: set[Row] = set()

    @contextmanager
    def fails(self, failure: str, words: str = "", error: type[MlopsError] = Failure) -> Iterator[Caught]:
        """The block ends with a sentence that has these words, for a failure by that name."""
        with pytest.raises(error, match=words) as caught:
            yield caught
        self.says(failure, caught.value.status, str(caught.value))

    def says(self, failure: str, status: int, text: str) -> None:
        """What follows in other lines, such as a log, is left out."""
        self.failures.add((failure, str(status), VARIES.sub("…", text.partition("\n")[0]).replace("|", "/")))


def maker() -> str:
    """The adapter that this thread, or the test's own for it, is in."""
    frames = sys._current_frames()
    for thread in (threading.get_ident(), threading.main_thread().ident):
        frame = frames.get(thread or 0)
        while frame:
            file = Path(frame.f_code.co_filename)
            if file.parent == ADAPTERS and file.stem not in WAYS:
                return file.stem
            frame = frame.f_back
    return ""


def marked(self: HTTPAdapter, request: PreparedRequest, **how: object) -> None:
    """Instead of `add_headers`: say in a request who makes it."""
    request.headers[MADE_BY] = maker()


def check(table: Table, item: pytest.Item, seen: Collection[Row]) -> None:
    """Hold what a test saw against the table, or note it to be written there."""
    test, late = f"{item.path.name} {item.name}", item.get_closest_marker("long") is not None
    if folder := os.environ.get("TABLES"):
        with Path(folder, f"{os.getpid()}.json").open("a") as notes:
            print(json.dumps([table.file.name, late, test, sorted(seen)]), file=notes)
        return
    known = table.read()
    strange = sorted({*seen} - {*known})
    missing = sorted({row for row, named in known.items() if named == test} - {*seen})
    again = f"If that is meant: python -m tests.mlops.platform.azure.tables {HERE / test.split()[0]}"
    assert not strange, f"{table.file.name} does not have {strange}. {again}"
    assert not missing, f"{table.file.name} says that {test} sees {missing}. {again}"
