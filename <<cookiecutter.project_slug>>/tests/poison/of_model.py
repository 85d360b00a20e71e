"""Poisons for the gates of stage model."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from inspect import getsource
from typing import Any

import numpy as np
import polars as pl

from mlops.contract.types import Column, Columns
from mlops.gates.base import Verdict

from . import answers
from .copies import Copy, Nothing
from .of_data import number, sensitive
from .poisons import poison

ANSWERS = """
from collections.abc import Callable
from functools import partial

import numpy as np

from mlops.api import Columns

Predict, _before = Callable[[Columns], Columns], Predictor.predict


{source}

Predictor.predict = lambda self, columns: {name}(partial(_before, self), columns, **{given})
"""
"""Other predictions of the same model, in predict.py."""

LEAKED = """
import sys
import polars as pl
test, train = (sys.argv[1] + f'/{part}.parquet' for part in ('test', 'train'))
pl.concat([pl.read_parquet(test), pl.read_parquet(train).head(9)]).write_parquet(test)
"""
EXPORTED = """
import time

_export = export


def export(model, folder):
    _export(model, folder)
    (folder / "more.txt").write_text({text})
"""
"""One file more in the artifact, in train.py."""


def answering(copy: Copy, answer: Callable[..., Columns], **given: Any) -> list[Verdict]:
    """A predictor that answers like a function of answers.py."""
    copy.append("predict", ANSWERS.format(source=getsource(answer), name=answer.__name__, given=given))
    return copy.run()


@poison("labels that say nothing", "quality")
def shuffled(copy: Copy) -> list[Verdict]:
    name, label = copy.find("a column with role 'label'", lambda column: column.role == "label")
    copy.give(name, copy.tables[name].with_columns(pl.col(label.name).shuffle(seed=0)))
    return copy.run()


@poison("a model in service that is as good", "champion")
def served(copy: Copy) -> list[Verdict]:
    folder = copy.path / "served"
    shutil.copytree(copy.model, folder, dirs_exist_ok=True)
    (folder / "other.txt").write_text("The same predictions from other bytes.")
    return copy.run("--input", f"{copy.node('gate').name}.champion={folder}")


@poison("wrong answers where a number is high", "slices")
def wrong_for_some(copy: Copy) -> list[Verdict]:
    row, label = copy.package.contract.ROW, the_label(copy)
    for feature in (each.name for each in row.features if each.dtype == "number"):
        values = copy.prepared[feature].cast(pl.Float64)
        above: Any = values.quantile(0.75)
        if (values > above).mean() > 0.15:
            far = 3 * float(np.std(copy.prepared[label.name].to_numpy())) if label.dtype == "number" else 0.0
            return answering(copy, answers.turned, feature=feature, above=above, labels=[*label.categories], far=far)
    raise Nothing("no feature is a number with a high quarter")


@poison("labels and a feature that follow a group of people", "fairness", "explanation")
def unfair(copy: Copy) -> list[Verdict]:
    name, group = sensitive(copy)
    table = copy.tables[name]
    label, feature = the_label(copy, name).name, number(copy, name)
    inside = (table[group] == table[group].drop_nulls().first()).fill_null(False).to_numpy()
    order = np.argsort(inside + np.random.default_rng(0).normal(0, 0.3, len(table)))
    labels = pl.Series(label, table[label].sort()).gather(np.argsort(order))
    known = pl.when(pl.Series(inside)).then(pl.col(feature).max()).otherwise(pl.col(feature).min())
    copy.give(name, table.with_columns(labels, known.alias(feature)))
    return copy.run()


@poison("scores cut in half", "calibration", "parity")
def halved(copy: Copy) -> list[Verdict]:
    return answering(copy, answers.halved)


@poison("one feature decides alone", "explanation")
def alone(copy: Copy) -> list[Verdict]:
    falls = {name: next(iter(each.values()))["value"] for name, each in copy.evaluation["importance"].items()}
    first = max(falls, key=lambda name: falls[name])
    row = copy.package.contract.ROW
    others = {each.name: usual(copy, each) for each in row.features if each.name != first}
    return answering(copy, answers.alone, others=others)


@poison("no number for the lowest of all", "robustness")
def nowhere(copy: Copy) -> list[Verdict]:
    numbers = [each for each in copy.package.contract.ROW.features if each.dtype == "number"]
    if not numbers:
        raise Nothing("no feature is a number")
    lowest = {each.name: float(max(-1e300, each.range[0] if each.range else -1e300)) for each in numbers}
    return answering(copy, answers.nowhere, lowest=lowest)


@poison("each row is answered as the one before it", "parity", "robustness")
def shifted(copy: Copy) -> list[Verdict]:
    return answering(copy, answers.shifted)


@poison("an artifact that holds the time", "reproducibility")
def timed(copy: Copy) -> list[Verdict]:
    copy.append("train", EXPORTED.format(text="str(time.time_ns())"))
    return copy.run()


@poison("a model that is not trained again", "reproducibility")
def once(copy: Copy) -> list[Verdict]:
    return copy.run("--set", "check_reproducible=false")


@poison("training rows among the test rows", "overlap")
def leaked(copy: Copy) -> list[Verdict]:
    copy.follow("prepare", LEAKED, "${{outputs.rows}}")
    return copy.run()


@poison("sections that nobody filled in", "checklist")
def unfilled(copy: Copy) -> list[Verdict]:
    pages = list((copy.path / "responsible_ai").glob("*.md"))
    if not pages:
        raise Nothing("responsible_ai has no page to fill in")
    for page in pages:
        lines = page.read_text("utf-8").splitlines()
        page.write_text("\n\n".join(line for line in lines if line.startswith("#")), "utf-8")
    return copy.run()


@poison("a waiver that has expired", "waivers")
def expired(copy: Copy) -> list[Verdict]:
    return waived(copy, subject="recall", until=date.today() - timedelta(days=1))


@poison("a waiver for everything", "waivers")
def broad(copy: Copy) -> list[Verdict]:
    return waived(copy, subject="*", until=date.today() + timedelta(days=9))


def waived(copy: Copy, subject: str, until: date) -> list[Verdict]:
    waiver = {"gate": "quality", "subject": subject, "reason": "It is made up, to be refused.", "until": until}
    waiver["who"] = copy.settings.people.may_change.gates[0]
    copy.edit("responsible_ai/waivers.yaml", lambda plain: plain["waivers"].append(waiver))
    return copy.run()


def the_label(copy: Copy, source: str = "") -> Column:
    """The label of ROW, or of a source. Raises Nothing when the source has none."""
    contract = copy.sources[source] if source else copy.package.contract.ROW
    label = contract.one("label")
    if label is None:
        raise Nothing(f"the label is not in {source}, as groups are")
    return label


def usual(copy: Copy, column: Column) -> float | str:
    """The median of numbers, the first code of categories and flags."""
    if column.dtype in ("category", "flag"):
        return 0
    median: Any = copy.prepared[column.name].median() if column.dtype == "number" else None
    return float(median) if median is not None else ("" if column.dtype == "text" else 0.0)
