"""One byte that is changed anywhere in what was signed, in a key, or in the model itself is seen and named."""

import base64
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from mlops import files
from mlops.errors import MlopsError
from mlops.gates.base import Verdict
from tests.mlops.evidence.conftest import OWNER, Release

PLACES = int(os.environ.get("PLACES", "6"))
"""How many random places are changed in each file."""
MODEL, LEDGER = ".mlops/models/triage/2", ".mlops/ledger/prod"
NAMED = {
    "artifact": (f"{MODEL}/content/model.txt", "prod", "no longer have its digest"),
    "statement": (f"{MODEL}/build.dsse.json", "prod", "the build statement of triage:2"),
    "sign-off": (f"{LEDGER}/000002.json", "prod", "entry prod/2 of the ledger"),
    "key": (".mlops/keys/local.pem", "local", "is not the key that was written here|which is not trusted on local"),
}
SUBJECT = "the calibration between all of the groups"
WAIVER = {"gate": "fairness", "subject": SUBJECT, "reason": "Known, and reviewed.", "who": OWNER}


@pytest.fixture
def waived(release: Release) -> Release:
    """Its second model passed but for one verdict, which is waived."""
    until = str(date.today())
    verdict = Verdict("fairness", SUBJECT, 0.2, 0.1, False, "it is off.", "", f"fairness: {SUBJECT}, until {until}")
    waiver = WAIVER | {"reason": "Known, and reviewed every quarter.", "until": until}
    release.state(verdicts=[*release.says["verdicts"], asdict(verdict)], waivers=[waiver])
    return release


def changed(content: bytes, places: range, seed: int) -> Iterator[bytes]:
    """The same bytes with one bit turned, at random places."""
    dice = random.Random(seed)
    for _ in range(PLACES):
        place = dice.choice(places)
        yield content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]


def said(release: Release, scratch: Path, environment: str = "prod") -> str:
    try:
        return "\n".join(release.refusals(scratch, environment))
    except MlopsError as error:
        return str(error)


@pytest.mark.parametrize("what", NAMED)
def test_a_changed_byte_of_a_file_is_refused(waived: Release, scratch: Callable[[], Path], what: str):
    name, environment, sentence = NAMED[what]
    file = waived.path / name
    content = file.read_bytes()
    file.chmod(0o600)
    assert said(waived, scratch(), environment) == ""
    for bytes_ in changed(content, range(len(content)), seed=7):
        file.write_bytes(bytes_)
        found = said(waived, scratch(), environment)
        assert re.search(sentence, found), (bytes_, found)
    file.write_bytes(content)
    assert said(waived, scratch(), environment) == ""


@pytest.mark.parametrize("part", ["verdicts", "waivers", "evaluation", "system"])
def test_a_changed_byte_of_what_was_signed_is_refused(waived: Release, scratch: Callable[[], Path], part: str):
    """Whoever changes it encodes it properly, but cannot sign it."""
    file = waived.path / MODEL / "build.dsse.json"
    envelope = json.loads(file.read_bytes())
    payload = base64.b64decode(envelope["payload"])
    inner = json.dumps(json.loads(payload)["predicate"][part], sort_keys=True, separators=(",", ":")).encode()
    start = payload.index(inner)
    for bytes_ in changed(payload, range(start, start + len(inner)), seed=11):
        file.write_bytes(files.as_json(envelope | {"payload": base64.b64encode(bytes_).decode()}).encode())
        assert "the build statement of triage:2 was changed after key" in said(waived, scratch())


def test_a_changed_digit_of_a_trusted_key_is_named_with_its_line(waived: Release, scratch: Callable[[], Path]):
    key = waived.platform.signer().public_key
    for place in random.Random(3).choices(range(64), k=PLACES):
        digit = "0" if key.keyval["public"][place] != "0" else "1"
        text = key.keyval["public"][:place] + digit + key.keyval["public"][place + 1 :]
        waived.set({key.keyid: text}, "evidence", "trusted_keys", "prod")
        found = said(waived, scratch())
        assert "mlops.yaml:" in found and f"trusted key {key.keyid[:12]} " in found, found


def test_what_the_registry_says_is_held_against_what_was_signed(waived: Release, scratch: Callable[[], Path]):
    file = waived.path / MODEL / "version.json"
    file.write_text(file.read_text().replace('"training"', '"trainink"'))
    assert "the registry no longer says of triage:2 what its build statement does" in said(waived, scratch())


def test_an_entry_counts_only_where_it_was_written(waived: Release, scratch: Callable[[], Path]):
    page = waived.path / LEDGER / "000001.json"
    (waived.path / ".mlops/ledger/staging").mkdir()
    (waived.path / ".mlops/ledger/staging/000001.json").write_bytes(page.read_bytes())
    assert "entry staging/1 of the ledger is not where it was written" in said(waived, scratch())
