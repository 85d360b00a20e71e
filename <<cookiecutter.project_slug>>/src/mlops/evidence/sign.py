"""What people sign: that they stand for a model, and that a project should end."""

import tempfile
from pathlib import Path
from typing import Any

from mlops.errors import Misuse, Refused
from mlops.evidence import build, checks, entries, keys
from mlops.evidence.git import person
from mlops.evidence.verify import STRICTER, in_force
from mlops.platform.base import Platform
from mlops.settings import Settings
from mlops.specs.load import meant


def sign_off(
    reference: str, role: str, environment: str, platform: Platform, project: Path, known: Settings, **more: Any
) -> str:
    """Sign as who types, or as `who`; returns their address. `more` is kept with it.

    It binds to the system that made the model, not to the model's bytes.
    Raises Misuse when there is no such role, Refused when it is somebody else's or the model's statement is not sound,
    Failure when its bytes are not those that were judged.
    """
    who, people = more.get("who") or person(project), known.people
    approves = getattr(people.approves, environment, [])
    holders = {**people.signs, "owner": [people.owner], "approver": approves}
    if role not in holders:
        raise Misuse(f"there is no role `{role}` in `people.signs` of mlops.yaml: {meant(role, holders)}")
    if people.person(who) not in people.persons(holders[role]):
        allowed = ", ".join(holders[role]) or "nobody"
        may = f"mlops.yaml names {allowed}. Who you are says `git config user.email`."
        raise Refused(f"{who} may not sign as {role} for {environment}: {may}")
    if environment in STRICTER:
        for fault in checks.believed(project, known.project.protected_branch):
            raise Refused(" ".join(fault))
    model, _ = platform.models.get(reference), keys.signer(environment, known, platform)
    with tempfile.TemporaryDirectory() as scratch:
        platform.models.fetch(reference, Path(scratch, "model"))
    made = in_force(model, environment, platform, known, entries.read(platform, known)[0])
    says = {"role": role, "who": who, "model": model.digest, **more}
    entries.add(platform, known, environment, "sign-off", made.says["system"], says)
    return who


def stop(reason: str, platform: Platform, project: Path, known: Settings) -> str:
    """Sign that the project should end here; returns the address of who did. Raises Misuse without a reason."""
    if not reason.strip():
        raise Misuse("--reason says nothing. Write why the project should end here.")
    who, purpose = person(project), build.system(project, known)["purpose"]
    entries.add(platform, known, platform.on, "stop", {"purpose": purpose}, {"reason": reason, "who": who})
    return who
