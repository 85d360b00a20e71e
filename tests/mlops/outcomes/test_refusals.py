"""A file with anything wrong in it is refused as a whole, in words that quote no id; nothing of it is stored."""

import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from mlops.contract.types import Column
from mlops.errors import Failure, Misuse
from mlops.outcomes import store
from tests.mlops.outcomes.conftest import HEADS, NOW, Desk
from tests.support.project import environment

GOOD = "good-1,true,2026-11-20,granted"


def refusal(desk: Desk, path: Path) -> str:
    with pytest.raises(Misuse, match=path.name) as caught:
        desk.file(path)
    assert not desk.state.exists()
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "secret,true,yesterday,granted",
            "time: 1 value that cannot be read as time, for instance 'yesterday' (row 2)",
        ),
        (
            "secret,true,2026-11-23,granted",
            "time: in the future (as UTC, if it has no zone): 1 of 2 rows, such as row 2",
        ),
        ("secret,true,,granted", "time: missing beside an outcome: 1 of 2 rows, such as row 2"),
        (
            "secret,maybe,2026-11-20,granted",
            "outcome: 1 value that cannot be read as flag, for instance 'maybe' (row 2)",
        ),
        (",true,2026-11-20,granted", "request_id: 1 value missing, for instance row 2"),
        ('" ",true,2026-11-20,granted', "request_id: blank: 1 of 2 rows, such as row 2"),
        ("secret,true,2026-11-20,granted,more", "cannot be read: found more fields than defined"),
        ('"secret,true,2026-11-20,granted', "cannot be read: could not parse. It is damaged"),
    ],
)
def test_a_row_that_is_wrong_is_named_by_its_place(desk: Desk, line: str, sentence: str):
    assert sentence in refusal(desk, desk.csv(GOOD, line))


def test_all_mistakes_are_said_at_once(desk: Desk):
    said = refusal(desk, desk.csv("secret,maybe,now,", "secret,perhaps,then,", GOOD))
    assert "outcome: 2 values" in said and "time: 2 values" in said


def test_a_word_where_somebody_looked_is_refused(desk: Desk):
    said = refusal(desk, desk.csv(f"{GOOD},partly", heads=f"{HEADS},looked"))
    assert "looked: 1 value that cannot be read as flag, for instance 'partly' (row 1)" in said


@pytest.mark.parametrize(
    ("label", "outcome", "sentence"),
    [
        (Column("class", "category", "label", categories=("low", "high")), "lo", "'lo' (row 1)"),
        (Column("price", "number", "label", range=(0, 9), unit="EUR"), "10", "outside 0 to 9 EUR"),
        (Column("price", "number", "label"), "inf", "equal to infinity"),
    ],
)
def test_an_outcome_that_the_contract_of_the_label_does_not_know_is_refused(
    desk: Desk, label: Column, outcome: str, sentence: str
):
    desk.label = label
    assert sentence in refusal(desk, desk.csv(f"secret,{outcome},2026-11-20,"))


@pytest.mark.parametrize("missing", ["request_id", "outcome", "time", "decision"])
def test_a_column_that_is_missing_is_named(desk: Desk, missing: str):
    heads = HEADS.replace(missing, "other")
    assert f"has no column {missing}. It needs request_id, outcome" in refusal(desk, desk.csv(GOOD, heads=heads))


def test_a_file_without_heads_is_not_quoted(desk: Desk):
    assert "has no column request_id, outcome, time, decision" in refusal(desk, desk.csv(GOOD, heads="secret_id,1,2,3"))


def test_a_column_that_nothing_reads_is_refused_since_it_may_be_a_slip(desk: Desk):
    said = refusal(desk, desk.csv(f"{GOOD},false", heads=f"{HEADS},Looked"))
    assert "Looked: the contract names no such column" in said


def test_a_file_without_rows_is_refused(desk: Desk):
    assert "0 rows, fewer than the 1 it must have" in refusal(desk, desk.csv())
    (desk.path / "nothing.csv").touch()
    assert "is empty (0 bytes)" in refusal(desk, desk.path / "nothing.csv")


@pytest.mark.parametrize("name", ["none.csv", "dangling.csv"])
def test_a_file_that_is_not_there_is_said(desk: Desk, name: str):
    (desk.path / "dangling.csv").symlink_to(desk.path / "gone.csv")
    assert "there is no such file" in refusal(desk, desk.path / name)


def test_a_bad_file_leaves_what_is_stored_as_it_was(desk: Desk):
    desk.add(GOOD)
    before = {path: path.read_bytes() for path in desk.folder.glob("*.parquet")}
    with pytest.raises(Misuse):
        desk.add("other,true,2026-11-20,", "secret,maybe,2026-11-20,")
    assert {path: path.read_bytes() for path in desk.folder.glob("*.parquet")} == before


@pytest.mark.parametrize("key", [None, b"", b"short", bytes(32)])
def test_a_lost_or_foreign_key_is_said_and_never_replaced(desk: Desk, key: bytes | None):
    desk.add(GOOD)
    file, kept = desk.state / "keys" / "outcomes", desk.key
    file.unlink()
    if key is not None:
        file.write_bytes(key)
    with pytest.raises(Misuse, match="is lost, unreadable or not the key that ids are stored with. Put that one back"):
        desk.add("more,true,2026-11-20,")
    assert (file.read_bytes() if file.exists() else None) == key
    assert len(store.stored(desk.folder)) == 1
    file.write_bytes(kept)
    assert desk.add("more,true,2026-11-20,")["new"] == 1


def test_a_key_that_is_no_key_is_refused_before_anything_is_stored(desk: Desk):
    (desk.state / "keys").mkdir(parents=True)
    (desk.state / "keys" / "outcomes").touch()
    with pytest.raises(Misuse, match="not the key"):
        desk.add(GOOD)
    assert len(store.stored(desk.folder)) == 0


def test_a_label_of_another_type_does_not_mix_with_what_is_stored(desk: Desk):
    desk.add(GOOD)
    desk.label = Column("price", "number", "label")
    with pytest.raises(Misuse, match="has outcomes of another type than the label has now. Move it elsewhere"):
        desk.add("a,1,2026-11-20,")
    assert store.read(desk.folder)["outcome"].to_list() == [True]


@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_part_is_said_when_reading_and_when_adding(desk: Desk, damage: str):
    desk.add(*(f"r{number},true,2026-11-20,granted" for number in range(50)))
    (part,) = desk.folder.glob("*.parquet")
    whole = part.read_bytes()
    part.write_bytes(whole[:-100] if damage == "cut off" else whole[:8] + bytes(1000) + whole[1008:])
    with pytest.raises(Misuse, match="outcomes.*is damaged or cut off"):
        store.read(desk.folder)
    with pytest.raises(Misuse, match="outcomes.*is damaged or cut off"):
        desk.add(GOOD)


def test_a_place_that_cannot_be_written_is_one_sentence(desk: Desk):
    desk.state.write_text("a file where a folder must be")
    with pytest.raises(Failure, match="could not write"):
        desk.add(GOOD)


PROGRAM = """
import sys
from datetime import datetime
from pathlib import Path
from mlops.contract.types import Column
from mlops.errors import MlopsError
from mlops.outcomes import store
now = datetime.fromisoformat(sys.argv[3])
try:
    store.add(Path(sys.argv[1]), Path(sys.argv[2]), Column("eligible", "flag", "label"), now, now)
except MlopsError as error:
    sys.exit(f"{error.status} {error}")
"""


def test_a_full_disk_is_one_sentence_and_loses_nothing(desk: Desk):
    desk.add(GOOD)
    many = desk.csv(*(f"r{number},true,2026-11-20,granted" for number in range(1000)))
    source = Path(store.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-B", "-c", PROGRAM, desk.state, many, NOW.isoformat()],
        env=environment(PYTHONPATH=str(source)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert done.stderr.startswith("3 could not write") and "File too large" in done.stderr
    assert len(store.stored(desk.folder)) == 1 and len(list(desk.folder.iterdir())) == 2
    assert desk.file(many)["new"] == 1000


def test_what_another_program_left_half_written_is_not_read(desk: Desk):
    desk.add(GOOD)
    (part,) = desk.folder.glob("*.parquet")
    (desk.folder / f".{part.name}.0123abcd").write_bytes(part.read_bytes()[:50])
    assert desk.add("more,true,2026-11-20,")["new"] == 1
    assert isinstance(store.read(desk.folder), pl.DataFrame)
