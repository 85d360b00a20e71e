"""What a report is about, collected from the run, the registry, the data store, the champion and `mlops.yaml`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops import digest, settings
from mlops.contract.profile import Profile
from mlops.errors import Failure, Misuse
from mlops.evidence.build import current
from mlops.evidence.compare import EDITED, changed_data, differences_of
from mlops.evidence.evaluation import Evaluation, evaluated, fetched
from mlops.evidence.profiles import of_version
from mlops.evidence.report.history import RUNS, history
from mlops.evidence.statements import Statement
from mlops.files import read_json
from mlops.gates import quality
from mlops.gates.base import Verdict, read_verdicts
from mlops.platform.base import Data, Jobs, Model, Platform
from mlops.stats import Interval
from mlops.steps.package import Package, package
from mlops.words import short


@dataclass(frozen=True)
class Champion:
    """The latest other model of the name; the figures of this run's model minus its own, on `rows` that both saw.

    `remarks` say why something cannot be compared.
    """

    model: Model
    differences: Mapping[str, Interval] = field(default_factory=dict)
    rows: int = 0
    remarks: list[str] = field(default_factory=list)


def resolve(reference: str, platform: Platform, signed: Sequence[Statement]) -> str:
    """The run that an id, the start of one, `last`, or a model (`name:3`, `name`) names. Raises Misuse."""
    if ":" in reference or "@" in reference or reference in {model.name for model in platform.models.list()}:
        return current(platform.models.get(reference), signed).lineage["run"]
    return platform.jobs.find(reference)


def collect(run: str, platform: Platform, project: Path, scratch: Path) -> dict[str, Any]:
    """What the template `report.html.j2` needs: everything that is known of a run.

    `changed` says that `mlops.yaml` is no longer what the run read. `model` was registered from the run. `judge` is the
    step whose verdicts these are, when the job itself came to none. Copies of its outputs go to `scratch`. Raises
    Failure when one is changed.
    """
    file, record = project / "mlops.yaml", platform.jobs.describe(run)
    known, evaluation = settings.load(file), evaluated(platform.jobs, run, scratch)
    ours, code = evaluation.figures.get("model"), package(known)
    registered = [model for model in platform.models.list() if model.name == known.model.name]
    others = [model for model in registered if ours and model.digest != ours]
    judge, verdicts = judged(platform.jobs, record, scratch)
    runs = [*earlier(platform.jobs, record, scratch / "earlier"), (record, [] if judge else verdicts)]
    then = {entry["path"]: entry["digest"] for entry in record.get("data", {}).values()}
    return {
        "record": record,
        "project": project,
        "settings": known,
        "limits": known.limits(quality.id, quality.Limits),
        "changed": then.get(str(file)) not in (None, digest.of_file(file)),
        "judge": judge,
        "verdicts": verdicts,
        "evaluation": evaluation,
        "profiles": profiles(platform.data, record, code),
        "model": next((model for model in registered if model.digest == ours), None),
        "champion": against(others[-1], record, evaluation, code, platform.jobs, scratch) if others else None,
        "history": history(runs),
    }


def judged(jobs: Jobs, record: Mapping[str, Any], scratch: Path) -> tuple[str, list[Verdict]]:
    """The verdicts of the job; or a step that wrote some when it came no further, and these.

    A foreign job's own output of that name is left alone.
    """
    for step in ("", *record["nodes"]):
        file = fetched(jobs, record["run"], f"{step}.verdicts".lstrip("."), scratch) / "verdicts.json"
        with suppress(Misuse, LookupError, TypeError):
            return step, read_verdicts(read_json(file))
    return "", []


def earlier(jobs: Jobs, record: Mapping[str, Any], scratch: Path) -> list[tuple[Mapping[str, Any], list[Verdict]]]:
    """The runs before this one that came to verdicts on their result which are still there, oldest first."""
    found = []
    for each in [each for each in jobs.list()[0] if each["started"] < record["started"]][: RUNS - 1]:
        with suppress(Failure, Misuse):
            judge, verdicts = judged(jobs, each, scratch)
            found += [(each, verdicts)] if verdicts and not judge else []
    return found[::-1]


def profiles(data: Data, record: Mapping[str, Any], code: Package) -> dict[str, Profile]:
    """What is in each source that a run read, as far as its version is still there."""
    found = {}
    for name, entry in record.get("data", {}).items():
        if name in code.contract.SOURCES and entry.get("version"):
            with suppress(Misuse, Failure):
                found[name] = of_version(entry["version"], data, code.contract.SOURCES)
    return {name: each for name, each in found.items() if each}


def against(
    model: Model, record: Mapping[str, Any], ours: Evaluation, code: Package, jobs: Jobs, scratch: Path
) -> Champion:
    """The paired differences, where the champion's run and its predictions are still there."""
    run = model.lineage["run"]
    try:
        before, theirs = jobs.describe(run), evaluated(jobs, run, scratch)
    except (Failure, Misuse):
        return Champion(model, remarks=[f"What its run {short(run)} evaluated is changed or gone."])
    return Champion(model, *differences_of(theirs, ours, code, not changed_data([record, before], EDITED)))
