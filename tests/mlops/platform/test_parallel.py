"""A parallel node goes through its data in mini batches, whatever some of them do."""

from pathlib import Path

import pytest

from tests.mlops.platform.batches import rows, splits
from tests.mlops.platform.lab import Lab

ECHO = """
import argparse, os
def init():
    global word
    parser = argparse.ArgumentParser()
    parser.add_argument("--word")
    word = parser.parse_known_args()[0].word
def run(mini_batch):
    return [f"{word} {os.path.basename(path)}" for path in mini_batch]
"""


@pytest.fixture
def data(lab: Lab) -> Path:
    """Five files."""
    for number in range(5):
        lab.write(f"data/{number}.txt", str(number))
    return lab.path / "data"


def test_results_are_in_the_order_of_the_files_and_the_same_again(lab: Lab, data: Path) -> None:
    slow = ECHO.replace("def run", "import time\ndef run").replace("    return", "    time.sleep(.1)\n    return")
    one = splits(lab, slow, data, batch_files=2, workers=3)
    done = lab.run(one)
    assert rows(lab, done) == [f"read {number}.txt" for number in range(5)]
    again = lab.run(one, fresh=True)
    kept = [each.record["nodes"]["splits"]["outputs"]["rows"]["digest"] for each in (done, again)]
    assert kept[0] == kept[1]
    assert lab.run(one).states == {"splits": "reused"}


def test_init_runs_once_per_worker_and_shutdown_after_the_last(lab: Lab, data: Path, tmp_path: Path) -> None:
    script = f"""
import os
def note(what): open({str(tmp_path / "calls")!r}, "a").write(f"{{what}} {{os.getpid()}}\\n")
def init(): note("init")
def run(mini_batch, context): note("run"); return [context.minibatch_index]
def shutdown(): note("shutdown")
"""
    done = lab.run(splits(lab, script, data, workers=2))
    assert rows(lab, done) == ["0", "1", "2", "3", "4"]
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    for worker in {process for _, process in calls}:
        own = [what for what, process in calls if process == worker]
        assert own == ["init", *["run"] * (len(own) - 2), "shutdown"]
    assert 1 <= len({process for _, process in calls}) <= 2


HANGS = """
import os, time, subprocess
def run(mini_batch):
    if "2.txt" in mini_batch[0] and not os.path.exists({mark!r}):
        open({mark!r}, "w").close()
        {does}
    return mini_batch
"""


@pytest.mark.parametrize(
    "does", ["time.sleep(600)", "os._exit(3)", "raise SystemExit(0)", "raise ValueError('odd file')"]
)
def test_a_mini_batch_that_hangs_dies_or_fails_once_is_tried_again(
    lab: Lab, data: Path, tmp_path: Path, does: str
) -> None:
    script = HANGS.format(mark=str(tmp_path / "mark"), does=does)
    done = lab.run(splits(lab, script, data, timeout=1.5, mini_batch_error_threshold=0))
    assert [Path(row).name for row in rows(lab, done)] == ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]
    log = next(lab.state.glob("runs/*/logs/splits.txt")).read_text()
    assert "mini batch 2 failed at try 1" in log and "5 mini batches, 0 failed" in log


FAILS = """
def run(mini_batch):
    if "1.txt" in mini_batch[0] or "3.txt" in mini_batch[0]:
        raise ValueError("odd file")
    return mini_batch
"""


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({}, ""),
        ({"error_threshold": 2, "mini_batch_error_threshold": 2}, ""),
        ({"error_threshold": 1}, "2 failed, which is over `error_threshold: 1`"),
        ({"mini_batch_error_threshold": 0}, "1 failed, which is over `mini_batch_error_threshold: 0`"),
    ],
)
def test_failed_items_and_mini_batches_are_accepted_up_to_their_thresholds(
    lab: Lab, data: Path, limits: dict[str, int], why: str
) -> None:
    done = lab.run(splits(lab, FAILS, data, retries=0, **limits))
    if not why:
        assert [Path(row).name for row in rows(lab, done)] == ["0.txt", "2.txt", "4.txt"]
    else:
        assert done.states == {"splits": "failed"}
        assert why in done.event("splits").detail and "odd file" in done.event("splits").detail


def test_results_that_are_fewer_than_the_items_count_as_failed_items(lab: Lab, data: Path) -> None:
    done = lab.run(splits(lab, "def run(batch): return batch[:1]", data, batch_files=5, error_threshold=3))
    assert "4 failed, which is over `error_threshold: 3`" in done.event("splits").detail


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("def run(batch): raise ValueError('odd')", "every mini batch failed"),
        ("def run(batch): return None", "run() returned NoneType: let it return a list or a DataFrame"),
        ("def init(): raise ValueError('no model')\ndef run(batch): return batch", "no model"),
        ("import nothing_of_that_name", "the entry script could not be loaded, or its init() failed"),
    ],
)
def test_a_script_that_never_works_fails_in_words(lab: Lab, data: Path, script: str, why: str) -> None:
    done = lab.run(splits(lab, script, data, retries=0))
    assert (done.status, done.states) == (3, {"splits": "failed"})
    assert why in done.event("splits").detail


def test_no_mini_batch_is_a_failure(lab: Lab) -> None:
    (lab.path / "data").mkdir()
    done = lab.run(splits(lab, ECHO, lab.path / "data"))
    assert (done.status, done.states) == (3, {"splits": "failed"})
    assert "there is no mini batch: no file in its input 'data'" in done.event("splits").detail
    lab.write("data/empty.csv", "a,b\n")
    done = lab.run(splits(lab, ECHO, lab.path / "data", batch_bytes=100))
    assert "there is no mini batch: the data has no rows" in done.event("splits").detail
