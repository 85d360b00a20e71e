"""The first rows of a batch as a list for the people who work on it, with reasons in words."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from mlops.batch.pieces import ROWS, Piece
from mlops.batch.scoring import TableScorer
from mlops.contract.encode import encode
from mlops.contract.types import Contract
from mlops.errors import Refused
from mlops.files import replacing
from mlops.reasons import sentences

RANKED = "ranked"


def write(scorer: TableScorer, pieces: Sequence[Piece], parts: Sequence[Path], to: Path, top: int) -> str:
    """Write `ranked.parquet` and `ranked.csv`; returns the column that they are ranked by.

    Equal rows stand in the order of the input. Raises Refused when predictions have nothing to rank by.
    """
    by = ranked_by(pl.read_parquet_schema(parts[0]), scorer.row)
    best = first(parts, by, top).with_columns(reasons=pl.lit(None, pl.String))
    if hasattr(scorer.predictor, "explain"):
        best = explained(scorer, pieces, best)
    ordered = best.sort(by, descending=True, maintain_order=True).select(
        pl.int_range(1, pl.len() + 1).alias("rank"), pl.all()
    )
    for kind, save in (("parquet", ordered.write_parquet), ("csv", ordered.write_csv)):
        with replacing(to / f"{RANKED}.{kind}") as draft:
            save(draft)
    return by


def ranked_by(columns: Iterable[str], row: Contract) -> str:
    """`value`, else `score`, else the score of the last class of the label."""
    label = row.one("label")
    last = [f"score.{name}" for name in reversed(label.categories if label else ())]
    for name in ("value", "score", *last):
        if name in columns:
            return name
    raise Refused("predictions have no `value` and no `score` to rank by. Offer one in predict.py, or say --top 0.")


def first(parts: Sequence[Path], by: str, top: int) -> pl.DataFrame:
    """The rows with the greatest values, in the order of the input; parts are read one at a time."""
    best = pl.read_parquet(parts[0]).clear()
    for part in parts:
        least = best[by].min() if len(best) == top else None
        more = pl.read_parquet(part) if least is None else pl.scan_parquet(part).filter(pl.col(by) > least).collect()
        best = pl.concat([best, more]).sort(by, descending=True, maintain_order=True).head(top)
    return best


def explained(scorer: TableScorer, pieces: Sequence[Piece], best: pl.DataFrame) -> pl.DataFrame:
    """The rows with their reasons; of the input only pieces with such a row are read again, one at a time."""
    names, found = [column.name for column in scorer.row.features], []
    for piece in pieces:
        rows = best.filter(file=piece.source).filter((pl.col("row") - 1) // ROWS == piece.number - 1).sort("row")
        if len(rows):
            frame = piece.read(names)[(rows["row"] - 1 - piece.start).to_list()]
            reasons = scorer.predictor.explain(encode(frame, scorer.row.features))
            found.append(rows.with_columns(reasons=pl.Series(sentences(frame, scorer.row, reasons), dtype=pl.String)))
    return pl.concat(found)
