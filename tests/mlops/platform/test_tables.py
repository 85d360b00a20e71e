"""A parallel node cuts its data by the rows of tables, and by keys in rows and names."""

import pandas
import pytest

from tests.mlops.platform.batches import rows, splits
from tests.mlops.platform.lab import Lab

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
