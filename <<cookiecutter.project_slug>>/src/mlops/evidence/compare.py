"""What differs between two runs, and whether their metrics differ by more than noise."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlops.errors import Failure, Misuse
from mlops.evidence.evaluation import Evaluation, evaluated
from mlops.gates.quality import Limits
from mlops.platform.base import Jobs
from mlops.specs.bind import CHAMPION
from mlops.stats import Interval, Metric, paired
from mlops.steps.package import Package
from mlops.words import short

Record = Mapping[str, Any]
Differences = tuple[Mapping[str, Interval], int, list[str]]

EDITED = ("mlops.yaml", "responsible_ai")
"""Inputs of a run that people edit as they edit code. Every other input is data."""
SERVED = f".{CHAMPION}"
"""How the name of an input ends that is the model in service, which is no data either."""
MOST_BYTES = 500_000
"""Lines of larger files are not counted."""
BEYOND = {1: "better, more than noise", 0: "more than noise", -1: "worse, more than noise"}
"""What is said of a difference: by its sign where more is better, turned where less is, 0 where that is not known."""


def compare(
    records: Sequence[Record], jobs: Sequence[Jobs], package: Package, limits: Limits, project: Path, scratch: Path
) -> dict[str, Any]:
    """What differs from the first of two runs to the second; copies of what they wrote go to `scratch`.

    `limits` say whether more or less of a metric is better; of the outcome more is.
    `remarks` are sentences about what cannot be told. Raises Failure when an evaluation was changed since the run.
    """
    places = [record["environment"] for record in records]
    code, remarks = changed_files(records, jobs, project, scratch)
    found = {
        "code": code,
        "data": changed_data(records, but=EDITED if code else ()),
        "champion": changed_data(records, but=(), served=True),
        "environment": differing(*(surroundings(each, all("packages" in it for it in places)) for each in places)),
        "parameters": differing(*(record["parameters"] for record in records)),
    }
    one, other = (evaluated(each, record["run"], scratch) for each, record in zip(jobs, records, strict=True))
    why = [absent(record) for record, side in zip(records, (one, other), strict=True) if not side.figures]
    differences, rows, why = ({}, 0, why) if why else differences_of(one, other, package, not found["data"])
    a, b = recorded(one), recorded(other)
    senses = {"outcome": 1} | dict.fromkeys(limits.floors, 1) | dict.fromkeys(limits.ceilings, -1)
    metrics = {it: judged(a.get(it), b.get(it), differences.get(it), senses.get(it, 0)) for it in {**a, **b}}
    return found | {"differs": sentence(found), "rows": rows, "metrics": metrics, "remarks": remarks + why}


def sentence(found: Mapping[str, Any]) -> str:
    """What differs, in words."""
    names = list(found["parameters"])
    parts = [f"the {name}" for name in ("code", "data", "champion", "environment") if found[name]]
    parts += [f"the parameter{'s' * (len(names) > 1)} {' and '.join(names)}"] * bool(names)
    if len(parts) == 1:
        return f"only {parts[0]} {'differ' if len(names) > 1 else 'differs'}"
    return f"{', '.join(parts[:-1])} and {parts[-1]} differ" if parts else "nothing that is recorded differs"


def differing(a: Record, b: Record) -> dict[str, list[Any]]:
    """What both have by each name where it differs."""
    return {name: [a.get(name), b.get(name)] for name in sorted({*a, *b}) if a.get(name) != b.get(name)}


def changed_data(records: Sequence[Record], but: Sequence[str], served: bool = False) -> dict[str, list[Any]]:
    """Inputs whose bytes differ, without files and folders of some names: data, or else the models in service."""
    inputs = ([each for each in record["data"].items() if each[0].endswith(SERVED) == served] for record in records)
    kept = [{name: each for name, each in read if Path(each["path"]).name not in but} for read in inputs]
    digests = ({name: each["digest"] for name, each in inputs.items()} for inputs in kept)
    return {name: [inputs.get(name) for inputs in kept] for name in differing(*digests)}


def surroundings(environment: Record, packages: bool) -> Record:
    """Interpreter, machine, lock and each package."""
    facts = {name: environment[name] for name in ("python", "machine", "lock")}
    return facts | (environment.get("packages", {}) if packages else {})


def changed_files(
    records: Sequence[Record], jobs: Sequence[Jobs], project: Path, scratch: Path
) -> tuple[Record, list[str]]:
    """Lines removed and added in each file of the code that differs; what a run read as data is left out."""
    if records[0]["code"]["digest"] == records[1]["code"]["digest"]:
        return {}, []
    read = [Path(each["path"]) for record in records for each in record["data"].values()]
    data = [path.relative_to(project) for path in read if path.is_relative_to(project) and path.name not in EDITED]
    held = []
    try:
        for own, record in zip(jobs, records, strict=True):
            place = own.restore(record["run"], tree := scratch / record["run"] / "code")
            files = [path for path in tree.rglob("*") if not any(path.is_relative_to(place / each) for each in data)]
            held.append({str(path.relative_to(tree)): content(path) for path in files})
    except Failure as error:
        return {"unknown": [None, None]}, [f"Which files of the code differ cannot be told: {error}"]
    return {name: changed_lines(*pair) for name, pair in differing(*held).items()}, []


def content(path: Path) -> tuple[int, bytes] | None:
    """Whether it is a file, a program or a link, and its bytes; None for a folder."""
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_mode & 0o170100, bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
    return None


def changed_lines(before: tuple[int, bytes] | None, after: tuple[int, bytes] | None) -> list[int | None]:
    """How many lines were removed and added; None, twice, for bytes that are no text, or too many."""
    old, new = (each[1] if each else b"" for each in (before, after))
    if b"\0" in old + new or len(old + new) > MOST_BYTES:
        return [None, None]
    steps = SequenceMatcher(None, old.splitlines(), new.splitlines()).get_opcodes()
    changes = [step[1:] for step in steps if step[0] != "equal"]
    return [sum(end - start for start, end, *_ in changes), sum(end - start for *_, start, end in changes)]


def absent(record: Record) -> str:
    """That a run has no metrics, and how far it got."""
    states = (f"{name} {node['state']}" for name, node in record["nodes"].items())
    stopped = [state for state in states if state.endswith(("failed", "refused", "unreadable"))]
    return f"Run {short(record['run'])} has no evaluation: {', '.join(stopped) or record['state']}."


def recorded(side: Evaluation) -> Record:
    """The metrics with their intervals as the run wrote them, the outcome first."""
    return {"outcome": side.figures["outcome"], **side.figures["metrics"]} if side.figures else {}


def judged(a: Record | None, b: Record | None, difference: Interval | None, sense: int = 0) -> dict[str, Any]:
    """A metric of both runs, the second minus the first, and in words whether that is more than noise.

    `sense` is 1 where more is better, -1 where less is: then the words say too whether the second is better.
    """
    verdict = "not judged"
    if difference and difference.low is not None and difference.high is not None:
        sign = sense if difference.low > 0 else -sense
        verdict = "within noise" if difference.low <= 0 <= difference.high else BEYOND[sign]
    return {"values": [a, b], "difference": difference, "verdict": verdict}


def differences_of(a: Evaluation, b: Evaluation, package: Package, same_data: bool) -> Differences:
    """Each metric of `b` minus that of `a` on the rows that both evaluated, how many those are, and remarks."""
    try:
        ours, theirs, other = common(a, b, same_data)
        metrics: dict[str, Metric] = {"outcome": package.evaluate.outcome, **package.evaluate.METRICS}
    except Exception as error:
        return {}, 0, [f"No difference is judged: {error} Whether intervals overlap is no test."]
    reasons = {name: why for name, metric in metrics.items() if (why := unusable(name, metric, (a, b)))}
    remarks = [f"{name} is not judged: {why}." for name, why in reasons.items()]
    remarks += [f"Left out, since their label or weight differs: {other:,} of the rows in both."] * bool(other)
    (y, old, weight), (_, new, _) = a.arrays(ours), b.arrays(theirs)
    usable = {name: metric for name, metric in metrics.items() if name not in reasons}
    return paired(usable, y, new, old, weight), len(ours), remarks


def unusable(name: str, metric: Metric, sides: Sequence[Evaluation]) -> str:
    """Why today's code of a metric says nothing about the runs: it fails, or it is not what they recorded."""
    try:
        now = [metric(*side.arrays(side.rows)) for side in sides if side.rows is not None]
    except Exception as error:
        return f"evaluate.py fails on the predictions with {type(error).__name__} {error}"
    then = [recorded(side).get(name, {}).get("value") for side in sides]
    same = np.isclose(now, np.array(then, float), rtol=1e-6, equal_nan=True).all()
    return "" if same else "evaluate.py computes it otherwise now than when it was recorded"


def common(a: Evaluation, b: Evaluation, same_data: bool) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows that both evaluated, of each in one order, paired by id or else by position; and how many are left out
    since their label or weight differs. Raises Misuse when rows cannot be paired.
    """
    key, weighing, ours, theirs = a.one("id"), [a.one(role) for role in ("label", "weight")], a.rows, b.rows
    if ours is None or theirs is None or not any(weighing) or described(a) != described(b):
        raise Misuse("a table of predictions is missing, or the contracts differ in id, label or weight.")
    if key and not (ours[key].is_unique().all() and theirs[key].is_unique().all()):
        raise Misuse(f"an id stands more than once in '{key}'.")
    if not key and not (same_data and len(ours) == len(theirs)):
        raise Misuse("rows have no id, and the data or the number of rows differ.")
    if key:
        ours = ours.join(theirs, on=key, how="semi").sort(key)
        theirs = theirs.join(ours, on=key, how="semi").sort(key)
    alike = [ours[name].eq_missing(theirs[name]) for name in weighing if name]
    same = pl.select(pl.all_horizontal(alike)).to_series()
    if not same.any() or (not key and not same.all()):
        raise Misuse("no row is the same in both.")
    return ours.filter(same), theirs.filter(same), int((~same).sum())


def described(side: Evaluation) -> dict[str, Any]:
    """The columns that say which row it is and what is true of it."""
    about = ("role", "dtype", "categories")
    columns = ((name, [each[fact] for fact in about]) for name, each in side.figures.get("columns", {}).items())
    return {name: facts for name, facts in columns if facts[0] in ("id", "label", "weight")}
