"""The inference log: whole lines, nobody waits, nothing breaks, what is lost is counted."""

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest

from mlops.contract.types import Column
from mlops.errors import Misuse
from mlops.outcomes import ids
from mlops.serving import log as module
from mlops.serving.log import Log

KEY = b"k" * ids.BYTES
SEX = Column("sex", "category", categories=("Female", "Male"), nullable=True, sensitive=True)
ROW, ANSWER = {"age": 41, "sex": "Female"}, {"score": 0.5, "decision": 1}


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]


def opened(spool: Path, key: bytes | None = KEY, features: Sequence[Column] = ()) -> Log:
    return Log.open(spool, key, "m0123", "triage:3", features)


def test_a_line_says_what_was_asked_and_answered_by_whom_and_when(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.write("request 7", [ROW, ROW | {"age": None}], [ANSWER, ANSWER])
    log.close()
    first, second = lines(tmp_path / "predictions")
    assert first.pop("time") == second.pop("time") > 1.7e9
    told = {"id": ids.hashed("request 7", KEY), "deployment": "m0123", "model": "triage:3", "outputs": ANSWER}
    assert first == told | {"row": 0, "inputs": ROW}
    assert second == told | {"row": 1, "inputs": {"age": None, "sex": "Female"}}
    assert log.dropped == 0


def test_sensitive_values_go_to_a_store_of_their_own_under_the_same_id(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(SEX, Column("note", "text")))
    log.write("7", [ROW, ROW | {"sex": None}], [ANSWER, ANSWER])
    log.close()
    shown, held = lines(tmp_path / "predictions"), lines(tmp_path / "sensitive")
    assert [line["inputs"] for line in shown] == [{"age": 41}, {"age": 41}]
    assert [line.pop("values") for line in held] == [{"sex": "Female"}, {"sex": None}]
    assert held == [{"id": line["id"], "row": line["row"]} for line in shown]
    assert "Female" not in "".join(file.read_text() for file in (tmp_path / "predictions").iterdir())


def test_neither_the_request_id_nor_the_reasons_are_kept(tmp_path: Path) -> None:
    log = opened(tmp_path, key=None)
    log.write("jane.doe@example.org", [ROW], [ANSWER | {"reasons": {"sex": 0.1}}])
    log.close()
    [line] = lines(tmp_path / "predictions")
    assert "jane" not in json.dumps(line) and line["outputs"] == ANSWER
    assert line["id"] != ids.hashed("jane.doe@example.org", KEY)


def test_files_are_of_one_minute_and_for_their_owner_only(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(SEX,))
    log.write("7", [ROW], [ANSWER])
    log.close()
    for kind in ("predictions", "sensitive"):
        [file] = (tmp_path / kind).iterdir()
        deployment, minute, process = file.stem.split("-")
        assert (deployment, int(process), len(minute)) == ("m0123", os.getpid(), len("20260101T0000"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    monkeypatch.setattr(module, "PAUSE", 60)
    log = opened(tmp_path)
    for number in range(4):
        log.write(str(number), [ROW] * 2, [ANSWER] * 2)
    assert log.dropped == 4
    log.close()
    assert len(lines(tmp_path / "predictions")) == 4
    log.write("late", [ROW], [ANSWER])
    assert log.dropped == 5


@pytest.mark.parametrize(
    ("request_id", "row", "answer"),
    [("7", {"age": object()}, ANSWER), ("7", ROW, {"score": {1, object()}}), ("\ud800", ROW, ANSWER)],
)
def test_what_cannot_be_written_breaks_nothing_and_is_counted(tmp_path: Path, capsys, request_id, row, answer) -> None:
    log = opened(tmp_path)
    log.write(request_id, [row], [answer])
    log._drain()
    log.write("good", [ROW], [ANSWER])
    log.write("good", [ROW], [ANSWER])
    log.close()
    assert (log.dropped, len(lines(tmp_path / "predictions"))) == (1, 2)
    assert capsys.readouterr().err.startswith("The inference log lacks 1 rows so far: ")


def test_a_full_spool_drops_and_says_so_once_a_minute(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions" / "old.jsonl").write_text("x" * 11)
    log = opened(tmp_path)
    log.write("7", [ROW], [ANSWER])
    log._drain()
    log.write("7", [ROW] * 2, [ANSWER] * 2)
    log.close()
    assert log.dropped == 3
    assert capsys.readouterr().err.count("is full") == 1


def test_after_a_torn_line_the_next_one_starts_anew(tmp_path: Path) -> None:
    for _ in range(2):
        log = opened(tmp_path)
        log.write("7", [ROW], [ANSWER])
        log.close()
        [file] = (tmp_path / "predictions").iterdir()
        file.write_bytes(file.read_bytes() + b'{"torn')
    log = opened(tmp_path)
    log.write("7", [ROW], [ANSWER])
    log.close()
    text = file.read_text().splitlines()
    assert [line.startswith('{"time"') for line in text] == [True, False, True, False, True]


def test_without_a_spool_nothing_is_written_and_nothing_counts_as_lost(tmp_path: Path) -> None:
    log = Log.open(None, None, "m0123", "triage:3", ())
    log.write("7", [ROW], [ANSWER])
    log.close()
    assert log.dropped == 0


def test_a_spool_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misuse, match="file: no log can be kept in it: Not a directory. Name another folder as spool."):
        opened(tmp_path / "file")


def test_a_killed_server_loses_at_most_what_waited(tmp_path: Path) -> None:
    code = f"""
        import sys, time
        from pathlib import Path
        from mlops.serving.log import Log
        log = Log.open(Path({str(tmp_path)!r}), b"k" * 32, "m0123", "triage:3", ())
        for number in range(1000):
            log.write(str(number), [{ROW}], [{ANSWER}])
        while log._taken < 1000:
            time.sleep(0.01)
        time.sleep(0.1)
        print("written", flush=True)
        log.write("lost", [{ROW}], [{ANSWER}])
        time.sleep(60)
    """
    source = str(Path(module.__file__).parents[2])
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": source}) as server:
        assert server.stdout and server.stdout.readline() == b"written\n"
        server.send_signal(signal.SIGKILL)
    assert len(lines(tmp_path / "predictions")) >= 1000
