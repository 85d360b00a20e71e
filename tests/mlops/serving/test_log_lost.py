"""The inference log when something is in its way: nobody waits, nothing breaks, what is lost is counted."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from mlops.errors import Misuse
from mlops.serving import log as module
from mlops.serving import minutes
from mlops.serving.log import Log
from mlops.serving.minutes import Minutes
from tests.mlops.serving.logs import ANSWER, SEX, Row, lines, opened


def test_what_does_not_fit_into_the_queue_is_dropped_counted_and_said(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 500)
    monkeypatch.setattr(module, "PAUSE", 60)
    log = opened(tmp_path)
    for number in range(4):
        log.write(str(number), [Row()] * 20, [ANSWER] * 20)
    log.write("few", [Row()] * 2, [ANSWER] * 2)
    assert log.dropped == 60
    log.close()
    assert len(lines(tmp_path / "predictions")) == 1
    assert capsys.readouterr().err == "The inference log lacks 62 rows so far: too much waits to be written\n"


@pytest.mark.parametrize(
    ("request_id", "row", "answer"),
    [("7", Row(object()), ANSWER), ("7", Row(sex="Male"), {"score": {1, object()}}), ("\ud800", Row(), ANSWER)],
)
def test_what_cannot_be_written_breaks_nothing_and_is_counted(tmp_path: Path, capsys, request_id, row, answer) -> None:
    log = opened(tmp_path, features=(SEX,))
    log.write("good", [Row()], [ANSWER])
    log._drain()
    log.write(request_id, [row], [answer])
    log._drain()
    log.write("good", [Row()], [ANSWER])
    log.close()
    assert (log.dropped, len(lines(tmp_path / "predictions")), len(lines(tmp_path / "sensitive"))) == (1, 2, 2)
    assert capsys.readouterr().err.startswith("The inference log lacks 1 rows so far: ")


def test_a_line_that_cannot_be_written_takes_those_beside_it_along_and_all_are_counted(tmp_path: Path) -> None:
    log = opened(tmp_path, features=(SEX,))
    for row in (Row(), Row(object()), Row()):
        log.write("7", [row], [ANSWER])
    log.close()
    assert log.dropped == 3
    assert not lines(tmp_path / "predictions") and not lines(tmp_path / "sensitive")


def test_a_line_that_is_made_while_the_log_is_written_is_written_later(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 60)
    log, inside = opened(tmp_path), threading.Event()
    note, hashed, drained = log._note, log._hashed, threading.Event()
    rows = module.TOGETHER + 1
    writer = threading.Thread(target=log.write, args=("7", [Row()] * rows, [ANSWER] * rows))

    def then_another_writes() -> None:
        note()
        monkeypatch.setattr(log, "_note", note)
        writer.start()
        inside.wait()

    def slowly(id: str) -> str:
        inside.set()
        drained.wait(0.3)
        return hashed(id)

    monkeypatch.setattr(log, "_note", then_another_writes)
    monkeypatch.setattr(log, "_hashed", slowly)
    log._drain()
    drained.set()
    writer.join()
    log.close()
    assert len(lines(tmp_path / "predictions")) == 1


def test_a_full_spool_drops_and_says_so_once_a_minute(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(minutes, "MOST_BYTES", 10)
    (tmp_path / "predictions").mkdir()
    (tmp_path / "predictions" / "old.jsonl").write_text("x" * 11)
    log = opened(tmp_path)
    log.write("7", [Row()], [ANSWER])
    log._drain()
    log.write("7", [Row()] * 2, [ANSWER] * 2)
    log.close()
    assert log.dropped == 3
    assert capsys.readouterr().err.count("is full") == 1


def test_a_folder_never_grows_beyond_its_bound_and_goes_on_once_it_is_emptied(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(minutes, "MOST_BYTES", 100)
    (tmp_path / "old.jsonl.aside").write_text("x" * 40)
    file = Minutes(tmp_path, "m0123")
    for _ in range(2):
        for _ in range(5):
            file.append(b"x" * 9 + b"\n")
        with pytest.raises(OSError, match="is full"):
            file.append(b"x" * 19 + b"\n")
        file.append(b"x" * 9 + b"\n")
        for each in tmp_path.glob("m0123-*"):
            each.unlink()
        file.close()


def test_a_file_that_the_sender_removes_while_its_folder_is_measured_costs_no_line(tmp_path: Path, monkeypatch) -> None:
    gone = tmp_path / "m0123-20260101T0000-1.jsonl"
    monkeypatch.setattr(Path, "glob", lambda *_: iter([gone]))
    file = Minutes(tmp_path, "m0123")
    file.append(b"{}\n")
    file.close()
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"{}\n"]


def test_after_a_torn_line_the_next_one_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops.serving.minutes.time.time", lambda: 1e9)
    for _ in range(2):
        log = opened(tmp_path)
        log.write("7", [Row()], [ANSWER])
        log.close()
        [file] = (tmp_path / "predictions").iterdir()
        file.write_bytes(file.read_bytes() + b'{"torn')
    log = opened(tmp_path)
    log.write("7", [Row()], [ANSWER])
    log.close()
    text = file.read_text().splitlines()
    assert [line.startswith('{"time"') for line in text] == [True, False, True, False, True]


def test_without_a_spool_nothing_is_written_and_nothing_counts_as_lost(tmp_path: Path) -> None:
    log = Log(None, None, "m0123", "triage:3", ())
    log.write("7", [Row()], [ANSWER])
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
        from tests.mlops.serving.logs import Row
        log = Log(Path({str(tmp_path)!r}), b"k" * 32, "m0123", "triage:3", ())
        for number in range(1000):
            log.write(str(number), [Row()], [{ANSWER}])
        while log._waiting or log._rows:
            time.sleep(0.01)
        time.sleep(0.1)
        print("written", flush=True)
        log.write("lost", [Row()], [{ANSWER}])
        time.sleep(60)
    """
    source = os.pathsep.join(map(str, (Path(module.__file__).parents[2], Path(__file__).parents[3])))
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={"PYTHONPATH": source}) as server:
        assert server.stdout and server.stdout.readline() == b"written\n"
        server.send_signal(signal.SIGKILL)
    assert len(lines(tmp_path / "predictions")) >= 1000
