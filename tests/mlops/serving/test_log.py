"""The inference log: whole lines of what was asked and answered, and sensitive values in a store of their own."""

import json
import os
import stat
from pathlib import Path

import msgspec

from mlops.contract.types import Column
from mlops.outcomes import ids
from tests.mlops.serving.logs import ANSWER, KEY, SEX, Row, lines, opened


def test_a_line_says_what_was_asked_and_answered_by_whom_and_when(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.write("request 7", [Row(), Row(None)], [ANSWER, ANSWER | {"decision": 0}])
    log.write("request 8", [Row()], [ANSWER])
    log.close()
    line, other = lines(tmp_path / "predictions")
    assert 1.7e9 < line.pop("time") <= other["time"]
    asked = [{"age": 41, "sex": "Female", "note": None}, {"age": None, "sex": "Female", "note": None}]
    told = {"id": ids.hashed("request 7", KEY), "deployment": "m0123", "model": "triage:3"}
    assert line == told | {"inputs": asked, "outputs": [ANSWER, ANSWER | {"decision": 0}]}
    assert log.dropped == 0 and not lines(tmp_path / "sensitive")


def test_sensitive_values_go_to_a_store_of_their_own_under_the_same_id(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(SEX, Column("note", "text")))
    log.write("7", [Row(), Row(sex=None, note="a remark")], [ANSWER, ANSWER])
    log.close()
    [shown], [held] = lines(tmp_path / "predictions"), lines(tmp_path / "sensitive")
    assert shown["inputs"] == [{"age": 41}, {"age": 41}]
    assert held == {
        "id": shown["id"],
        "values": [{"sex": "Female", "note": None}, {"sex": None, "note": "a remark"}],
    }


def test_only_what_is_none_of_the_categories_is_kept_apart(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(Column("sex", "category", categories=("Female", "Male"), unseen="accept"),))
    log.write("7", [Row()], [ANSWER])
    log.write("8", [Row(), Row(sex="ask Jane"), Row(sex=None)], [ANSWER] * 3)
    log.close()
    shown, [held] = lines(tmp_path / "predictions"), lines(tmp_path / "sensitive")
    said = [[row.get("sex", "apart") for row in line["inputs"]] for line in shown]
    assert said == [["Female"], ["Female", "apart", None]]
    assert held == {"id": shown[1]["id"], "values": [{}, {"sex": "ask Jane"}, {}]}


def test_many_small_requests_have_a_line_each_in_their_order_and_each_its_own_values(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(Column("note", "text"),))
    for number in range(100):
        rows = [Row(number), Row(number, note=f"remark {number}" if number % 3 else None)]
        log.write(str(number), rows, msgspec.Raw(msgspec.json.encode([ANSWER, {"score": number}])))
    log.close()
    shown, held = lines(tmp_path / "predictions"), lines(tmp_path / "sensitive")
    assert [line["id"] for line in shown] == [ids.hashed(str(number), KEY) for number in range(100)]
    assert [[row["age"] for row in line["inputs"]] for line in shown] == [[number] * 2 for number in range(100)]
    assert [line["outputs"] for line in shown] == [[ANSWER, {"score": number}] for number in range(100)]
    own = {ids.hashed(str(number), KEY): f"remark {number}" for number in range(100) if number % 3}
    assert {line["id"]: line["values"][1].get("note") for line in held if line["values"][1]["note"]} == own
    assert log.dropped == 0 and "remark" not in json.dumps(shown)


def test_the_request_id_is_not_kept(tmp_path: Path) -> None:
    log = opened(tmp_path, key=None)
    log.write("jane.doe@example.org", [Row()], [ANSWER])
    log.close()
    [line] = lines(tmp_path / "predictions")
    assert "jane" not in json.dumps(line)
    assert line["id"] != ids.hashed("jane.doe@example.org", KEY)


def test_files_are_of_one_minute_and_for_their_owner_only(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(SEX,))
    log.write("7", [Row()], [ANSWER])
    log.close()
    for kind in ("predictions", "sensitive"):
        [file] = (tmp_path / kind).iterdir()
        deployment, minute, process = file.stem.split("-")
        assert (deployment, int(process), len(minute)) == ("m0123", os.getpid(), len("20260101T0000"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700
