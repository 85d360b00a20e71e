"""Brings the spool of the inference log to Azure: append blobs over plain HTTPS, as the endpoint's managed identity.

A blob is always the beginning of its file, so its length says where to go on: nothing is there twice after a kill or
a lost answer ("Append Block" with a condition on the position, REST reference of Blob Storage). The token comes from
where azure-identity's credential for Azure ML has it: MSI_ENDPOINT and MSI_SECRET of the container.
"""

import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from mlops import files

VERSION, BLOCK = "2021-12-02", 4 * 2**20
"""Of the service, and the most that it appends at once in this version."""
PAUSE, LONGEST_PAUSE, TIMEOUT = 5.0, 300.0, 30.0
CLOSED = timedelta(minutes=2)
"""After the start of its minute nobody writes to a file any more."""
CONTAINERS = {"predictions": "MLOPS_INFERENCE_LOG_URL", "sensitive": "MLOPS_SENSITIVE_LOG_URL"}
"""The variable that holds the URL of a container, for each folder of the spool. Without it the folder stays here."""

direct = build_opener(ProxyHandler({}))


class Token:
    """A token of the managed identity for storage, asked for again five minutes before it ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment, self.text, self.ends = environment, "", 0.0

    def __call__(self) -> str:
        """Raises OSError, and KeyError outside Azure ML."""
        if time.time() > self.ends - 300:
            asked = {"api-version": "2017-09-01", "resource": "https://storage.azure.com/"}
            if client := self.environment.get("UAI_CLIENT_ID"):
                asked["clientid"] = client
            url, secret = f"{self.environment['MSI_ENDPOINT']}?{urlencode(asked)}", self.environment["MSI_SECRET"]
            with direct.open(Request(url, headers={"secret": secret}), timeout=TIMEOUT) as answer:
                said = json.load(answer)
            self.text, self.ends = said["access_token"], float(said["expires_on"])
        return self.text


class Sender:
    """Sends the folders of a spool to their containers, and removes each file that is there whole."""

    def __init__(self, spool: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.folders = {spool / name: environment[url] for name, url in CONTAINERS.items() if environment.get(url)}
        self.token, self.closing = Token(environment), threading.Event()
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
        """Send what is there and was not sent. Whatever it raises, it is right to do it again."""
        for folder, container in self.folders.items():
            for file in sorted(folder.glob("*.jsonl")):
                *_, minute, _ = file.stem.split("-")
                start = datetime.strptime(minute, "%Y%m%dT%H%M").replace(tzinfo=UTC)
                whole = datetime.now(UTC) > start + CLOSED
                self._append(file, f"{container}/{folder.name}/{start:%Y/%m/%d}/{file.stem}-{self.instance}.jsonl")
                if whole:
                    file.unlink()

    def _append(self, file: Path, blob: str) -> None:
        with file.open("rb") as stream:
            at = stream.seek(self._length(blob))
            while block := stream.read(BLOCK):
                self._ask("PUT", f"{blob}?comp=appendblock", block, {"x-ms-blob-condition-appendpos": str(at)})
                at += len(block)

    def _length(self, blob: str) -> int:
        """In bytes. A blob that is not there is made."""
        try:
            return int(self._ask("HEAD", blob)["Content-Length"])
        except HTTPError as error:
            if error.code != 404:
                raise
        self._ask("PUT", blob, b"", {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"})
        return 0

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


def _instance(file: Path) -> str:
    """A name that this spool has and no other, so that no two instances write to one blob."""
    if not file.exists():
        with files.replacing(file) as draft:
            draft.write_text(uuid.uuid4().hex[:12])
    return file.read_text()
