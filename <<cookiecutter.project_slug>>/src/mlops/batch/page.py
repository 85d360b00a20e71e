"""The ranked list of a batch as one page of HTML, for the people who work on it."""

from pathlib import Path

import polars as pl

from mlops.batch import SUMMARY
from mlops.batch.ranked import RANKED
from mlops.contract.types import Contract
from mlops.errors import Misuse
from mlops.evidence.report.render import environment
from mlops.files import read_json, write_text
from mlops.settings import Settings


def write(folder: Path, known: Settings, row: Contract, to: Path) -> None:
    """Raises Misuse when the batch has no ranked list, or not yet."""
    if not (folder / SUMMARY).exists():
        what = "this scoring has no list yet: it was cut off, or more rows are bad than --errors allows."
        raise Misuse(f"{what} Repeat its `mlops score …`, which goes on or says what is bad.", folder)
    summary, file = read_json(folder / SUMMARY), folder / f"{RANKED}.parquet"
    if not file.exists():
        raise Misuse("has no ranked list. Score again with --top above 0.", folder)
    rows = pl.read_parquet(file)
    heads = [name for name in ("id", summary["ranked_by"], "label", "decision") if name in rows.columns]
    label = row.one("label")
    if label and label.dtype == "flag":
        rows = rows.with_columns(pl.col("^label|decision$").cast(pl.Boolean))
    seen = {"settings": known, "summary": summary, "heads": heads, "rows": rows.to_dicts()}
    features = [column for column in row.features if not column.sensitive]
    text = environment(Path(__file__).parent).get_template("page.html.j2").render(seen | {"features": features})
    write_text(to, text)
