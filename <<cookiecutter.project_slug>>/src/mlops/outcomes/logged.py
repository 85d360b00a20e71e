"""One request in the log of predictions, found by its id: what was asked, who answered, and what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from mlops.contract.read import reading
from mlops.errors import Misuse, Refused
from mlops.outcomes import ids
from mlops.outcomes.log import KINDS, is_whole, rows
from mlops.platform.local.lock import locked

Line = dict[str, Any]
"""A row of a request, with flat names such as `inputs.age`, as the packed log has them."""

ABSENT = (
    "this request has no answer in the log. Give the `id` that stands in the answer; the log has only what was "
    "answered on this machine, no longer ago than `service.keep_log_days`."
)
UNSURE = "the id was given to several requests, and what the log keeps apart of them cannot be told from each other."


def find(state: Path, request: str) -> list[Line]:
    """The rows of the last answer that a caller got: not of one that was made to a copy of the request.

    Values that the log keeps apart are among the inputs, as long as they are kept. Raises Misuse where there is no
    answer, and Refused when these values may be those of another request.
    """
    spool, id = state / "serving", ids.hashed(request, ids.of_project(state))
    with locked(spool / "lock"):
        lines, apart, traffic = (list(_lines(spool / kind, id)) for kind in (*KINDS, "traffic"))
    told = {each["deployment"] for each in traffic if not each["mirrored"]}
    found = [each for each in lines if each["deployment"] in told or not traffic]
    if not found:
        raise Misuse(ABSENT)
    held = [{name.replace("values.", "inputs.", 1): value for name, value in each.items()} for each in apart]
    last = max(each["time"] for each in found)
    rows = {each["row"]: each for each in found if each["time"] == last}
    return [_whole(rows[number], lines, held) for number in sorted(rows)]


def _whole(shown: Line, lines: list[Line], held: list[Line]) -> Line:
    """A row with what was kept apart of it; that is null too where another row of the file has a value there.

    It may be that of any request with the id whose row shows nothing there. Raises Refused where that leaves a choice.
    """
    asked, apart = ([each for each in kind if each["row"] == shown["row"]] for kind in (lines, held))
    values = apart[0] if apart else {}
    given = {name for name, value in values.items() if name.startswith("inputs.") and value is not None}
    owners = [each for each in asked if all(each.get(name) is None for name in given)]
    if any(each != values for each in apart) or given and (shown not in owners or len(owners) > len(apart)):
        raise Refused(UNSURE)
    return shown | {name: value for name, value in values.items() if name in given or name not in shown}


def _lines(folder: Path, id: str) -> Iterator[Line]:
    for file in sorted(folder.glob("*.jsonl")):
        with file.open("rb") as stream:
            if whole := [line for line in stream if id.encode() in line and is_whole(line)]:
                yield from rows(whole).to_dicts()
    for file in sorted(folder.glob("*.parquet")):
        with reading(file):
            if "id" in (table := pl.scan_parquet(file)).collect_schema():
                yield from table.filter(id=id).collect().to_dicts()
