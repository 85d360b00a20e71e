"""The ladder of a project that scores in batch only: champion and challenger score the same rows, and are compared.

The switch is the entry `champion`, in Azure the batch endpoint's default deployment; a rollback switches back.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from mlops import digest, files
from mlops.batch import ERRORS, SUMMARY, job
from mlops.batch.scoring import SCORED, Scorer
from mlops.errors import Misuse
from mlops.evidence.git import person
from mlops.gates import cost
from mlops.release.decide import Decision
from mlops.release.start import admitted, earlier
from mlops.release.state import Version
from mlops.release.tick import Controller, Done
from mlops.settings import Batch, Guards, Settings
from mlops.steps.package import package


@dataclass(frozen=True)
class Figures:
    """What scoring some rows took and gave.

    `minutes` are for `service.batch.rows`; `distance` is how far the predictions lie from the champion's.
    """

    rows: int
    bad: int
    minutes: float
    distance: float = 0.0


def start(controller: Controller, reference: str, source: Path | None) -> Done:
    """Verify a model, let it and the champion score a file or folder, compare, and switch or leave it as it is.

    Raises Refused for a model that may not be released, Misuse without a file.
    """
    known = controller.known
    if source is None:
        raise Misuse("name the rows that it and the champion score, with --input: there is no `service.online`.")
    with controller.platform.ledger.lease(controller.environment):
        _, story = controller.read()
        version = admitted(controller, reference, story)
        column = controller.platform.models.get(version.model).lineage["evaluation"]["predicted"]["column"]
        mine = _scored(controller, version, source)
        theirs = _scored(controller, story.champion, source) if story.champion else None
        away = distance(_column(mine, column), _column(theirs, column)) if theirs else 0.0
        here, there = _figures(mine, known, away), _figures(theirs, known) if theirs else None
        times = known.limits(cost.id, cost.Limits).most_times_the_champion
        found = decide(here, there, known.release.guards, known.service.batch, times)
        kind = "champion" if found.act == "promote" else "rollback"
        controller.sign(kind, version, found.why, {}, evidence=[asdict(each) for each in (here, there) if each])
    return Done(found.act, found.why, int(kind == "rollback"))


def roll_back(controller: Controller, reference: str | None, reason: str) -> Done:
    """Switch to a version that was champion before. Raises Misuse when there was none."""
    with controller.platform.ledger.lease(controller.environment):
        target, who = earlier(controller, reference, controller.read()[1]), person(controller.project)
        why = f"{who} rolled back: {reason}"
        controller.sign("champion", target, why, {}, who=who)
    return Done("promote", why)


def decide(challenger: Figures, champion: Figures | None, guards: Guards, service: Batch, times: float) -> Decision:
    """Promote, or roll back with every reason. Both saw the same rows, so that no difference is one of chance.

    `times` is how many times as dear as the champion it may be, where it is no small part of the deadline.
    """
    if why := [*_against(challenger, champion, guards, service, times)]:
        return Decision("roll_back", "; ".join(why) + ".")
    said = f"{challenger.rows:,} rows, {challenger.bad:,} of them set aside, {challenger.minutes:.3g} minutes"
    away = f"{challenger.distance:.3f} away from the champion's predictions" if champion else "nothing to compare with"
    return Decision("promote", f"no guard shows anything: {said}, {away}.")


def distance(a: pl.Series, b: pl.Series) -> float:
    """Kolmogorov's: the greatest difference between two distributions; of classes, between two shares of one."""
    number = a.dtype.is_numeric() and b.dtype.is_numeric()
    mine, theirs = (
        each.alias("value").cast(pl.Float64 if number else pl.String).value_counts(normalize=True, name="share")
        for each in (a, b)
    )
    both = pl.concat([mine, theirs.with_columns(-pl.col("share"))])
    apart = both.group_by("value").agg(pl.col("share").sum()).sort("value")["share"]
    greatest = (apart.cum_sum() if number else apart).abs().max()
    return greatest if isinstance(greatest, float) else 0.0


def _against(here: Figures, there: Figures | None, guards: Guards, service: Batch, times: float) -> Iterator[str]:
    if here.bad > ERRORS * here.rows:
        yield f"errors: {here.bad:,} of {here.rows:,} rows could not be scored, {ERRORS:.0%} is allowed"
    if here.minutes > service.deadline_minutes:
        allowed = f"{service.deadline_minutes:g} are allowed"
        yield f"time: {service.rows:,} rows take {here.minutes:.1f} minutes, {allowed}"
    if there is None:
        return
    if (more := here.bad / here.rows - there.bad / there.rows) > guards.errors.allowed:
        yield f"errors: {more:.2%} more of the rows could not be scored, {guards.errors.allowed:.2%} is allowed"
    if here.distance > guards.shift.allowed:
        allowed = f"{guards.shift.allowed:g} is allowed"
        yield f"shift: predictions lie {here.distance:.3f} away from the champion's, {allowed}"
    if here.minutes > times * max(there.minutes, cost.SMALL * service.deadline_minutes):
        yield f"cost: it works {here.minutes / there.minutes:.1f} times as long as the champion, {times:g} is allowed"


def _scored(controller: Controller, version: Version, source: Path) -> Path:
    """Where the version's scores of the rows are. After a kill all is done again, so that its time is known."""
    to = controller.project / ".mlops" / "batch" / f"{version.deployment}-{digest.of_path(source)[:12]}"
    if (to / SUMMARY).exists():
        return to
    files.remove(to)
    with tempfile.TemporaryDirectory() as scratch:
        controller.platform.models.fetch(version.model, artifact := Path(scratch, "model"))
        scorer = Scorer.load(package(controller.known), artifact, version.model)
    job.run(scorer, version.digest, source, to, 0, 1.0, lambda *_: None)
    return to


def _figures(folder: Path, known: Settings, distance: float = 0.0) -> Figures:
    said = files.read_json(folder / SUMMARY)
    seconds = said["scoring"]["seconds"] / said["scoring"]["rows"] * known.service.batch.rows
    return Figures(said["rows"], said["bad"], seconds / 60, distance)


def _column(folder: Path, name: str) -> pl.Series:
    """What was predicted; nothing where the predictions have no such column."""
    parts = map(pl.scan_parquet, sorted((folder / SCORED).glob("*.parquet")))
    found = [part.select(name).collect()[name] for part in parts if name in part.collect_schema()]
    return pl.concat(found) if found else pl.Series(name, [], pl.Float64)
