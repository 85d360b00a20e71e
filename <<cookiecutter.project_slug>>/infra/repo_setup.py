"""`make repo-setup`: environments, approval, variables and the protected branch, where the code lives.

It prints what it would change and changes nothing without `--yes`. What it changed it reads back: done is only what is
stored. Safe to repeat. Exit status: 0 done or nothing to do, 1 refused or not stored, 2 wrong use.
"""

import sys
from pathlib import Path
from typing import Any

from repository import azure_devops, call, github
from repository.wanted import PASTED, wanted

from mlops import owners, settings
from mlops.errors import Refused, exits
from mlops.words import counted

PROJECT = Path(__file__).resolve().parents[1]
MOST_ROUNDS = 4
"""Some calls need the ids of what others made."""


def set_up(project: Path, *, act: bool) -> None:
    """Raises Misuse for what cannot be asked for, Refused for what is not allowed or not stored."""
    known = settings.load(project / "mlops.yaml")
    owners.check(project, known)
    host: Any = github if (project / owners.FILE.parent).is_dir() else azure_devops
    ask = call.github if host is github else call.azure_devops
    repository = known.project.repository if host is github else azure_devops.repository(project)
    asked = (line.split() for line in owners.owners(known, ".azuredevops").splitlines())
    want = wanted(project, known, repository, {path: people for path, *people in asked})
    found = host.read(ask, want)
    steps = host.plan(want, found)
    print(f"{host.NAME}, {want.repository}: {counted(len(steps), 'change') if steps else 'nothing to change'}")
    for number, step in enumerate(steps, 1):
        print(f"{number:4} {step.what}")
    if want.missing:
        print(f"Not there yet: {', '.join(want.missing)}.")
        print(f"Paste what `make onboarded` of the organisation prints, for each stack, into {PASTED}.")
    if steps and not act:
        print("Nothing was changed. To do it: make repo-setup YES=1")
        return
    for _ in range(MOST_ROUNDS):
        for step in (each for each in steps if each.path):
            try:
                ask(step.method, step.path, step.body)
            except Refused as error:
                raise Refused(f"{step.what}: {error}\n{step.remedy}".rstrip()) from error
        before, found = steps, host.read(ask, want)
        if not (steps := host.plan(want, found)) or steps == before:
            break
    for sentence in host.facts(want, found):
        print(sentence)
    print(host.approved(want, found))
    if steps:
        left = "\n".join(f"  {each.what}" for each in steps)
        raise Refused(f"{host.NAME} took these and does not keep them; set them there by hand, and repeat:\n{left}")


if __name__ == "__main__":
    with exits():
        set_up(PROJECT, act="--yes" in sys.argv)
