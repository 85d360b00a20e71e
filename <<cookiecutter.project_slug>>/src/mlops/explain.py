"""Why a registered model answers rows as it does: rows of a file, or of a request that it answered."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import isclose
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mlops import carried, files
from mlops.contract.read import reading, scan
from mlops.contract.table import conform
from mlops.contract.types import Column, Contract
from mlops.contract.validate import violations
from mlops.errors import Failure, Misuse, Refused
from mlops.outcomes.log import flat
from mlops.outcomes.logged import Line
from mlops.platform.base import Model, Platform
from mlops.reasons import Reason, reasons, said
from mlops.serving.request import Rejected
from mlops.serving.scorer import Scorer

MOST_ROWS = 1000

SILENT = "{}:{} gives no reasons: its predict.py has no `explain`. docs/model.md says what that is."
LOST = "this request was answered by {model} ({deployment}), which is not registered any more. No other can say why."
GONE = "the values of {} are not kept any more, and without them nothing can be said."
OTHER = (
    "{model} does not answer this request as the log says: it was served with other code, whose reasons are unknown."
)
CORRECT = "is not as the contract says. Correct it, then repeat:"


@dataclass(frozen=True)
class Explained:
    """A row, the first of which is 1, with the prediction and the reasons for it, first the greatest."""

    row: int
    answer: Mapping[str, Any]
    reasons: list[Reason]


def answered(lines: Sequence[Line], platform: Platform) -> Model:
    """The version that answered a request. Raises Misuse when that is gone."""
    for model in platform.models.list():
        if lines[0]["deployment"] == f"m{model.digest[:12]}":
            return model
    raise Misuse(LOST.format(**lines[0]))


@contextmanager
def scorer(model: Model, platform: Platform) -> Iterator[Scorer]:
    """The model with its own package. Raises Refused when it gives no reasons."""
    with carried.registered(platform.models, f"{model.name}:{model.version}") as (package, artifact):
        found = Scorer.load(package.name, artifact, MOST_ROWS)
        if not hasattr(found.predictor, "explain"):
            raise Refused(SILENT.format(model.name, model.version))
        yield found


def of_file(scorer: Scorer, file: Path) -> list[Explained]:
    """JSON as /score takes it, or one row of it; else a table. Raises Misuse with what is wrong in which row."""
    if file.suffix.lower() != ".json":
        return _explained(scorer, {"rows": _table(file, scorer.contract)}, file)
    found = files.read_json(file)
    return _explained(scorer, found if isinstance(found, dict) and "rows" in found else {"rows": [found]}, file)


def of_request(scorer: Scorer, lines: Sequence[Line]) -> list[Explained]:
    """Raises Misuse when values are gone, and Refused when the model does not answer as it did."""
    names = [column.name for column in scorer.contract.features]
    if gone := [name for name in names if any(f"inputs.{name}" not in line for line in lines)]:
        raise Misuse(GONE.format(", ".join(gone)))
    rows = [{name: line[f"inputs.{name}"] for name in names} for line in lines]
    found = _explained(scorer, {"rows": rows}, "the request")
    now = flat(pl.DataFrame({"outputs": [each.answer for each in found]})).to_dicts()
    if not all(map(_same, now, lines)):
        raise Refused(OTHER.format(**lines[0]))
    return [replace(each, row=line["row"] + 1) for each, line in zip(found, lines, strict=True)]


def _same(now: Line, then: Line) -> bool:
    """Up to rounding, which differs with how many rows are predicted at once."""
    given = {name for name, value in then.items() if name.startswith("outputs.") and value is not None}
    return given == now.keys() and all(
        isclose(now[name], then[name], rel_tol=1e-5, abs_tol=1e-6)
        if isinstance(now[name], float)
        else now[name] == then[name]
        for name in given
    )


def _table(file: Path, contract: Contract) -> list[Line]:
    asked = Contract(*contract.features)
    with reading(file):
        frame = scan(file).head(MOST_ROWS + 1)
        found = [each for each in violations(frame, asked) if each.check not in ("unexpected", "duplicates")]
        if found:
            raise Misuse("\n  ".join((CORRECT, *(f"{each.column}: {each}".removeprefix(": ") for each in found))), file)
        return conform(frame, asked).collect().to_dicts()


def _explained(scorer: Scorer, body: dict[str, Any], where: Path | str) -> list[Explained]:
    try:
        request = scorer.reader.read(msgspec.json.encode(body | {"reasons": True}))
    except UnicodeEncodeError:
        raise Misuse("holds half a character, a surrogate that stands alone. Write it again as UTF-8.", where) from None
    except Rejected as error:
        raise Misuse("\n  ".join((CORRECT, *error.details)) if error.details else error.error, where) from None
    [answers] = scorer.answer([request])
    if isinstance(answers, Exception):
        raise Failure(f"the model fails on {where}: {answers}.") from answers
    pairs = enumerate(zip(body["rows"], answers, strict=True), 1)
    return [Explained(n, answer, reasons(row, scorer.contract, answer.pop("reasons"))) for n, (row, answer) in pairs]


def about(answer: Mapping[str, Any], label: Column | None) -> str:
    """What the reasons raise or lower."""
    if "scores" in answer and label:
        return f"score of {label.categories[-1]}"
    return next((name for name in ("value", "score") if name in answer), "prediction")


def predicted(answer: Mapping[str, Any], label: Column | None) -> dict[str, str]:
    """A prediction in words, numbers in four digits."""
    return {name: _worded(name, value, label) for name, value in answer.items()}


def _worded(name: str, value: Any, label: Column | None) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{each} {_worded(each, inner, None)}" for each, inner in value.items())
    if label and label.dtype == "flag" and name in ("label", "decision"):
        return said(value, label)
    text = f"{float(f'{value:.4g}'):,.10g}" if isinstance(value, float) else str(value)
    return f"{text} {label.unit}".rstrip() if label and name == "value" else text


def write(file: Path, rows: list[Explained], **seen: Any) -> None:
    """One page of HTML. Raises Misuse when the file is called something else, Failure when the disk refuses."""
    from mlops.evidence.report.render import environment

    if file.suffix.lower() != ".html":
        raise Misuse("is to be a page of HTML: let its name end in .html.", file)
    template = environment(Path(__file__).parent).get_template("explain.html.j2")
    files.write_text(file, template.render(rows=rows, predicted=predicted, **seen))
