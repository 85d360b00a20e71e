"""The ladder of a project that scores in batch only: champion and challenger score the same rows, and are compared.

The switch is the entry `champion`, in Azure the batch endpoint's default deployment; a rollback switches back.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from mlops import files
from mlops.batch import ERRORS, SUMMARY, job
from mlops.batch.scoring import SCORED, TableScorer
from mlops.errors import Misuse, MlopsError
from mlops.evidence.git import person
from mlops.gates import cost
from mlops.release.decide import Decision
from mlops.release.settings import Guards
from mlops.release.start import admitted, earlier, in_service
from mlops.release.state import Version
from mlops.release.tick import Controller, Done
from mlops.settings import Batch, Settings

PLACE = Path(".mlops", "batch")
"""Where both have scored, until the next release."""
FAILED = "errors: it failed on these rows with a {}; `mlops score {}` with the same input shows where."


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
        controller.switch(story)
        if story.champion == Version.of(controller.platform.models.get(reference)):
            return in_service(controller, story)
        version = admitted(controller, reference, story)
        column = controller.platform.models.get(version.model).lineage["evaluation"]["predicted"]["column"]
        files.remove(controller.project / PLACE)
        theirs = _scored(controller, story.champion, source) if story.champion else None
        here, there = None, _figures(theirs, known) if theirs else None
        try:
            mine = _scored(controller, version, source)
        except MlopsError:
            raise
        except Exception as error:
            found = Decision("roll_back", FAILED.format(type(error).__name__, version.model))
        else:
            here = _figures(mine, known, _apart(mine, theirs, column) if theirs else 0.0)
            times = known.limits(cost.id, cost.Limits).most_times_the_champion
            found = decide(here, there, known.release.guards, known.service.batch, times)
        kind = "champion" if found.act == "promote" else "rollback"
        controller.sign(kind, version, found.why, {}, evidence=[asdict(each) for each in (here, there) if each])
        controller.switch(controller.read()[1])
    return Done(found.act, found.why, int(kind == "rollback"))


def roll_back(controller: Controller, reference: str | None, reason: str) -> Done:
    """Switch to a version that was champion before. Raises Misuse when there was none."""
    with controller.platform.ledger.lease(controller.environment):
        target, who = earlier(controller, reference, controller.read()[1]), person(controller.project)
        why = f"{who} rolled back: {reason}"
        controller.sign("champion", target, why, {}, who=who, act="rollback")
        controller.switch(controller.read()[1])
    return Done("rollback", why)


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
        yield f"time: {service.rows:,} rows take {here.minutes:.1f} minutes, {service.deadline_minutes:g} are allowed"
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
    to = controller.project / PLACE / version.deployment
    with TableScorer.registered(controller.platform.models, version.model) as scorer:
        job.run(scorer, source, to, 0, 1.0, lambda *_: None)
    return to


def _figures(folder: Path, known: Settings, distance: float = 0.0) -> Figures:
    said = files.read_json(folder / SUMMARY)
    seconds = said["scoring"]["seconds"] / said["scoring"]["rows"] * known.service.batch.rows
    return Figures(said["rows"], said["bad"], seconds / 60, distance)


def _apart(mine: Path, theirs: Path, column: str) -> float:
    """The distance between what both predict for the rows that both could score; 1 where that is nothing."""
    found = list[pl.DataFrame]()
    for part in (mine / SCORED).glob("*.parquet"):
        both = [pl.scan_parquet(each) for each in (part, theirs / SCORED / part.name) if each.exists()]
        if len(both) == 2 and all(column in each.collect_schema() for each in both):
            here, there = (each.select("row", column) for each in both)
            found.append(here.join(there, on="row", suffix=" there").drop("row").collect())
    return distance(*pl.concat(found).iter_columns()) if any(map(len, found)) else 1.0
