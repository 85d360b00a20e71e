"""Brings the spool of the inference log to Azure: append blobs over plain HTTPS, as the endpoint's managed identity.

A blob is always the beginning of its file, so its length says where to go on: nothing is there twice after a kill or
a lost answer ("Append Block" with a condition on the position, REST reference of Blob Storage).
"""

import os
import re
import sys
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request

from mlops.errors import Misuse
from mlops.serving.identity import STORAGE, TIMEOUT, Token, direct

VERSION, BLOCK = "2021-12-02", 4 * 2**20
"""Of the service, and the most that it appends at once in this version."""
PAUSE, LONGEST_PAUSE = 5.0, 300.0
CLOSED = timedelta(minutes=2)
"""After the start of its minute nobody writes to a file any more."""
CONTAINERS = {"predictions": "MLOPS_INFERENCE_LOG_URL", "sensitive": "MLOPS_SENSITIVE_LOG_URL"}
"""The variable that holds the URL of a container, for each folder of the spool. Without it the folder stays here."""


class Sender:
    """Sends the folders of a spool to their containers, and removes each file that is there whole.

    Raises Misuse for what is no URL of a container.
    """

    def __init__(self, spool: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.folders = {spool / name: environment[url] for name, url in CONTAINERS.items() if environment.get(url)}
        for url in self.folders.values():
            if not re.fullmatch(r"https://[\w.:-]+(/[\w$-]+)+", url):
                raise Misuse("is no container as https://ACCOUNT.blob.core.windows.net/LOG. Correct the variable.", url)
        self.token, self.closing = Token(environment, STORAGE), threading.Event()
        self.thread = threading.Thread(target=self._run, name="sender", daemon=True)
        if self.folders:
            self.instance = _instance(spool / "instance")
            self.thread.start()

    def close(self, seconds: float = 20) -> None:
        """Send once more, after the log was closed. What cannot be sent stays in the spool."""
        self.closing.set()
        if self.thread.is_alive():
            self.thread.join(seconds)

    def send(self) -> None:
        """Send what is there and was not sent. A file that can never be sent is set aside, as `NAME.aside`.

        Raises what the service refused, after all other files, or why it is not reached: it is right to do it again.
        """
        refused = None
        self.token()
        for folder, container in self.folders.items():
            for file in sorted(folder.glob("*.jsonl")):
                try:
                    self._send(file, container)
                except HTTPError as error:
                    refused = error
                except FileNotFoundError:  # another sender of this spool was quicker
                    continue
                except (Misuse, PermissionError, IsADirectoryError) as error:
                    file.replace(aside := file.with_name(f"{file.name}.aside"))
                    print(f"{aside}: was set aside, since it cannot be sent: {error}", file=sys.stderr)
        if refused:
            raise refused

    def _send(self, file: Path, container: str) -> None:
        try:
            *_, minute, _ = quote(file.stem).split("-")
            start = datetime.strptime(minute, "%Y%m%dT%H%M").replace(tzinfo=UTC)
        except ValueError as error:
            raise Misuse("its name has no minute") from error
        whole, name = datetime.now(UTC) > start + CLOSED, quote(f"{file.stem}-{self.instance}.jsonl")
        self._append(file, f"{container}/{file.parent.name}/{start:%Y/%m/%d/%H}/{name}")
        if whole:
            file.unlink()

    def _append(self, file: Path, blob: str) -> None:
        with file.open("rb") as stream:
            if (at := self._length(blob)) > stream.seek(0, os.SEEK_END):
                raise Misuse("the blob of its name is longer")
            stream.seek(at)
            while block := stream.read(BLOCK):
                self._ask("PUT", f"{blob}?comp=appendblock", block, {"x-ms-blob-condition-appendpos": str(at)})
                at += len(block)

    def _length(self, blob: str) -> int:
        """In bytes. A blob that is not there is made."""
        try:
            found = self._ask("HEAD", blob)
        except HTTPError as error:
            if error.code != 404:
                raise
            self._ask("PUT", blob, b"", {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"})
            return 0
        if found["x-ms-blob-type"] != "AppendBlob":
            raise Misuse("a blob of its name is of another type")
        return int(found["Content-Length"])

    def _ask(self, method: str, url: str, body: bytes | None = None, more: Mapping[str, str] = {}) -> Mapping[str, str]:
        own = {"Authorization": f"Bearer {self.token()}", "x-ms-version": VERSION}
        request = Request(url, body, {**own, "Content-Type": "application/x-ndjson", **more}, method=method)
        with direct.open(request, timeout=TIMEOUT) as answer:
            return answer.headers

    def _run(self) -> None:
        pause = PAUSE
        while not self.closing.wait(pause):
            pause = PAUSE if self._sent() else min(2 * pause, LONGEST_PAUSE)
        self._sent()

    def _sent(self) -> bool:
        try:
            self.send()
        except Exception as error:  # whatever it is, the server goes on
            print(f"The inference log was not sent and waits: {type(error).__name__}: {error}", file=sys.stderr)
            return False
        return True


def _instance(link: Path) -> str:
    """A name that this spool has and no other, so that no two instances write to one blob: a link is made whole."""
    with suppress(FileExistsError):
        link.symlink_to(uuid.uuid4().hex[:12])
    return link.readlink().name
