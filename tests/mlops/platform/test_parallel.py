"""A parallel node goes through its data in mini batches, whatever some of them do."""

from pathlib import Path
from typing import Any

import pandas
import pytest

from mlops.specs.types import Node, Parallel
from tests.mlops.platform.lab import Done, Lab, asset, node, text

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


def splits(lab: Lab, script: str, data: Path, **more: Any) -> Node:
    code = lab.write("src/score.py", script).parent
    arguments = "--word ${{inputs.word}} --allowed_failed_percent 30"
    parallel = Parallel(("data",), "score.py", arguments, append_row_to="${{outputs.rows}}", **more)
    inputs = {"data": asset(data), "word": text("read")}
    return node("splits", "", code, inputs, {"rows": "uri_file"}, parallel=parallel)


def rows(lab: Lab, done: Done) -> list[str]:
    assert done.status == 0, done.event("splits").detail
    return lab.output(done, "splits", "rows").read_text().splitlines()


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


TABLE = "def run(frame, context): return frame.assign(batch=context.minibatch_index)"
KEYS = """
def run(batch, context):
    return [f"{sorted(context.partition_key_value.items())} {len(batch)}"]
"""


def test_tables_are_split_by_bytes_and_rows_joined_with_spaces(lab: Lab) -> None:
    lab.write("data/a.csv", "x,y\n" + "1,one two\n" * 4)
    lab.write("data/b.csv", "x,y\n2,z\n")
    done = lab.run(splits(lab, TABLE, lab.path / "data", batch_bytes=22))
    assert rows(lab, done) == ['1 "one two" 0', '1 "one two" 0', '1 "one two" 1', '1 "one two" 1', "2 z 2"]
    lab.write("data/notes.txt", "x")
    done = lab.run(splits(lab, TABLE, lab.path / "data", batch_bytes=22))
    detail = done.event("splits").detail
    assert "must be tables of one kind (.csv, .parquet), and these end in .csv, .txt." in detail


def test_files_are_split_by_the_names_of_their_folders(lab: Lab) -> None:
    for store, brand, file in (("1", "a", "x"), ("1", "b", "x"), ("2", "a", "x"), ("1", "a", "y")):
        lab.write(f"data/store={store}/brand={brand}/{file}.csv", "q\n1\n")
    done = lab.run(splits(lab, KEYS, lab.path / "data", partition_keys=("store", "brand"), error_threshold=0))
    assert rows(lab, done) == [
        "[('brand', 'a'), ('store', '1')] 2",
        "[('brand', 'b'), ('store', '1')] 1",
        "[('brand', 'a'), ('store', '2')] 1",
    ]


MLTABLE = """
paths:
  - pattern: ./rows/**/*.csv
transformations:
  - read_delimited: {delimiter: ';', header: all_files_same_headers}
  - extract_columns_from_partition_format: {partition_format: '/rows/{store}/{*}.csv'}
"""


def test_an_mltable_is_split_by_its_columns_and_those_of_its_paths(lab: Lab) -> None:
    lab.write("data/MLTable", MLTABLE)
    lab.write("data/rows/north/a.csv", "brand;q\n1;5\n2;6\n")
    lab.write("data/rows/south/a.csv", "brand;q\n1;7\n1;8\n")
    lab.write("data/other.csv", "never read")
    done = lab.run(splits(lab, KEYS, lab.path / "data", partition_keys=("store", "brand"), error_threshold=0))
    assert rows(lab, done) == [
        "[('brand', 1), ('store', 'north')] 1",
        "[('brand', 2), ('store', 'north')] 1",
        "[('brand', 1), ('store', 'south')] 2",
    ]


NAMED = """
paths: [{file: rows/north/a.csv}, {folder: ./rows/south}]
transformations:
  - read_delimited: {header: no_header}
  - extract_columns_from_partition_format: {partition_format: 'rows/{store}/{file_name}.{extension}'}
  - drop_columns: [file_name, extension, absent]
"""


def test_an_mltable_names_files_and_folders_and_drops_columns(lab: Lab) -> None:
    lab.write("data/MLTable", NAMED)
    for name in ("rows/north/a.csv", "rows/north/b.csv", "rows/south/a.csv"):
        lab.write(f"data/{name}", "1,x\n")
    script = "def run(frame): return [f'{sorted(map(str, frame))} {frame.store[0]}']"
    done = lab.run(splits(lab, script, lab.path / "data", batch_bytes=1000))
    assert rows(lab, done) == ["['0', '1', 'store'] north", "['0', '1', 'store'] south"]


SHOW = (
    "def run(rows): return [' '.join(f'{name}={value}' for name, value in row.items()) for _, row in rows.iterrows()]"
)


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        ("  - drop_columns: [store, missing]\n  - drop_columns: q\n", "brand=1"),
        ("  - keep_columns: {columns: [store, q]}\n", "store=north q=5"),
        ("  - keep_columns: q\n", "q=5"),
    ],
)
def test_an_mltable_keeps_and_drops_columns(lab: Lab, steps: str, shown: str) -> None:
    lab.write("data/MLTable", MLTABLE + steps)
    lab.write("data/rows/north/a.csv", "brand;q\n1;5\n")
    assert rows(lab, lab.run(splits(lab, SHOW, lab.path / "data", batch_bytes=1000))) == [shown]


def test_the_rows_of_an_mltable_can_say_the_path_of_their_file(lab: Lab) -> None:
    lab.write("data/MLTable", MLTABLE.replace("{delimiter", "{include_path_column: true, delimiter"))
    file = lab.write("data/rows/north/a.csv", "brand;q\n1;5\n")
    done = lab.run(splits(lab, SHOW, lab.path / "data", batch_bytes=1000))
    assert rows(lab, done) == [f"brand=1 q=5 store=north Path={file}"]


def test_what_an_mltable_says_and_is_not_done_here_is_refused(lab: Lab) -> None:
    lab.write("data/MLTable", MLTABLE + "  - take: 5\n")
    lab.write("data/rows/north/a.csv", "brand;q\n1;5\n")
    done = lab.run(splits(lab, KEYS, lab.path / "data", batch_bytes=1000))
    assert "its MLTable says `take`, which does not run locally" in done.event("splits").detail
    lab.write("data/MLTable", MLTABLE.replace("pattern: ./rows/**/*.csv", "file: https://example.org/rows.csv"))
    done = lab.run(splits(lab, KEYS, lab.path / "data", batch_bytes=1000))
    assert "its MLTable names https://example.org/rows.csv, which is not in" in done.event("splits").detail
    lab.write("data/MLTable", "paths: 7")
    done = lab.run(splits(lab, KEYS, lab.path / "data", batch_bytes=1000))
    assert "is no MLTable file that can be read" in done.event("splits").detail


def test_parquet_is_a_table_too(lab: Lab) -> None:
    (lab.path / "data").mkdir()
    pandas.DataFrame({"k": ["b", "a", "b"], "v": [1, 2, 3]}).to_parquet(lab.path / "data" / "x.parquet")
    done = lab.run(splits(lab, KEYS, lab.path / "data", partition_keys=("k",)))
    assert rows(lab, done) == ["[('k', 'a')] 1", "[('k', 'b')] 2"]


def test_a_mini_batch_of_a_key_may_return_nothing_and_one_of_files_may_not(lab: Lab) -> None:
    for store in ("1", "2"):
        lab.write(f"data/store={store}/a.txt", "x")
    script = "def run(paths): return []"
    by_key = splits(lab, script, lab.path / "data", partition_keys=("store",), error_threshold=0)
    assert lab.run(by_key).status == 0
    by_file = lab.run(splits(lab, script, lab.path / "data", batch_files=1, error_threshold=0))
    assert "1 failed, which is over `error_threshold: 0`" in by_file.event("splits").detail


@pytest.mark.parametrize("outside", ["../other.csv", "/other.csv"])
def test_an_mltable_does_not_read_beside_its_folder(lab: Lab, outside: str) -> None:
    lab.write("data/MLTable", f"paths: [{{file: {outside}}}]\ntransformations: [{{read_delimited: {{}}}}]\n")
    lab.write("other.csv", "a\n1\n")
    done = lab.run(splits(lab, SHOW, lab.path / "data", batch_bytes=1000))
    assert f"its MLTable names {outside}, which is outside" in done.event("splits").detail
