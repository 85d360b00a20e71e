"""Whether a model may be released in an environment: recomputed from its bytes and from what was signed about it."""

from datetime import date
from functools import partial
from pathlib import Path

from mlops.errors import Failure, Refused
from mlops.evidence import build, checks, entries, keys
from mlops.evidence.checks import AGAIN, Case
from mlops.evidence.statements import Statement, opened
from mlops.gates.base import Context, Verdict
from mlops.gates.run import judge
from mlops.platform.base import Model, Platform
from mlops.settings import Settings
from mlops.steps.package import package
from mlops.words import short

STRICTER = {"staging": checks.GUARDED, "prod": checks.GUARDED + checks.PROD}


def verify(
    reference: str, environment: str, platform: Platform, project: Path, known: Settings, today: date, scratch: Path
) -> list[Verdict]:
    """A verdict on each thing that must hold; `scratch` gets a copy of the artifact.

    Raises Misuse for a reference that names nothing, and for settings or a checklist that cannot be read.
    """
    model = platform.models.get(reference)
    signed, faults = entries.read(platform, known)
    found = _verdicts("ledger", "Nothing in the ledger was changed.", *map(_apart, faults))
    found += _artifact(model, platform, scratch)
    try:
        made = in_force(model, environment, platform, known, signed)
        now = champion(environment, platform, signed)
        served = in_force(now, environment, platform, known, signed).says if now else {}
    except (Refused, Failure) as error:
        return found + _verdicts("statement", "", _apart(error.what))
    said = f"Key {made.key[:12]} signed how run {short(made.says['run'])} made it, and nothing of that was changed."
    found += _verdicts("statement", said)
    case = Case(model, platform.on, environment, made.says, served, signed, known, project, today)
    for check in checks.EVERYWHERE + STRICTER.get(environment, ()):
        found += _verdicts(check.__name__, check.__doc__ or "", *check(case))
    code = package(known)
    context = Context(
        known,
        code.contract.SOURCES,
        code.contract.ROW,
        code,
        evaluation=made.says["evaluation"],
        champion_evaluation=served["evaluation"] if served else {},
        files={"model": scratch / "model"},
        responsible_ai=project / "responsible_ai",
        environment=environment,
        today=today,
    )
    return found + judge("release", context)


def in_force(model: Model, environment: str, platform: Platform, known: Settings, signed: list[Statement]) -> Statement:
    """The newest build statement about a model. Raises Refused when its own cannot be believed in the environment."""
    reference, trusted = f"{model.name}:{model.version}", keys.trusted(environment, known, platform)
    what = f"the build statement of {reference}"
    remedy = partial(keys.remedy, environment=environment, known=known, platform=platform)
    first = opened(platform.models.statement(reference), what, trusted, environment, remedy)
    if first.kind != "build" or first.subjects != {model.name: model.digest}:
        raise Refused(f"{what} speaks of {', '.join(first.subjects.values())}, not of {model.digest}. {AGAIN}")
    if first.says != {"schema": first.says["schema"], **model.lineage}:
        raise Refused(f"the registry no longer says of {reference} what its build statement does. {AGAIN}")
    return build.about([first, *(each for each in signed if each.key in trusted)], model.digest)[-1]


def champion(environment: str, platform: Platform, signed: list[Statement]) -> Model | None:
    """The model in service."""
    entry = entries.last(entries.lasting(signed, platform), "champion", environment)
    return platform.models.get("{}@{}".format(*next(iter(entry.subjects.items())))) if entry else None


def _artifact(model: Model, platform: Platform, scratch: Path) -> list[Verdict]:
    try:
        platform.models.fetch(f"{model.name}:{model.version}", scratch / "model")
    except Failure as error:
        return _verdicts("artifact", "", _apart(error.what))
    return _verdicts("artifact", f"Its bytes have the digest {model.digest[:12]}.")


def _apart(said: str) -> tuple[str, str]:
    """The first sentence of an error, which is why, and what to do."""
    why, _, next_step = said.partition(". ")
    return f"{why.removesuffix('.')}.", next_step


def _verdicts(subject: str, holds: str, *faults: tuple[str, str]) -> list[Verdict]:
    """One for each fault, or that it holds."""
    return [Verdict("evidence", subject, None, None, not faults, *said) for said in faults or ((holds, ""),)]
