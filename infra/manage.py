"""What a platform engineer does after `make bootstrap`: check, preview, up, onboarded, forget."""

import argparse
import sys

import yaml
from organisation.engine import LOCAL, PROJECTS, STACK, Engine, ready
from organisation.names import Names
from organisation.onboarded import kept, page, protected
from organisation.settings import load, unfilled
from organisation.types import Organisation

from mlops.errors import Misuse, MlopsError
from mlops.words import counted


def check() -> None:
    """Read projects.yaml; needs no login."""
    organisation = load(PROJECTS)
    environments = sum(len(project.environments.present) for project in organisation.projects.values())
    found = f"{counted(len(organisation.projects), 'project')}, {counted(environments, 'environment')}"
    print(f"{PROJECTS.name}: {found}; no mistakes.")
    if left := unfilled(PROJECTS):
        print(f"{len(left)} ids are still the example's: replace them before `make bootstrap`.")


def preview() -> None:
    engine(ready()).run("preview", "--stack", STACK, "--diff")


def up() -> None:
    engine(ready()).run("up", "--stack", STACK)


def onboarded(project: str, environment: str) -> None:
    """Print what a project's stack file and its CI must know."""
    blocks = engine(ready()).read("stack", "output", "projects", "--json", "--stack", STACK)
    print(page(blocks, project, environment), end="")


def forget(project: str) -> None:
    """Let go of a project's data, so that its entry can be removed. Nothing is deleted."""
    stack = engine(ready())
    found = protected(stack.resources(), project)
    if not found:
        raise Misuse(f"{project}: nothing of it is protected. Remove its entry and run `make organisation-up`.")
    for resource in found:
        stack.run("state", "unprotect", resource["urn"], "--stack", STACK, "--yes")
    print(kept(found))


def engine(organisation: Organisation) -> Engine:
    """The stack in the store. Raises Misuse while the state is not there yet."""
    started = yaml.safe_load((PROJECTS.parent / f"Pulumi.{STACK}.yaml").read_text("utf-8"))
    if LOCAL.exists() or not {"secretsprovider", "encryptionsalt"} & set(started):
        raise Misuse("the store does not hold the state yet. Run `make bootstrap` to its end.")
    return Engine(Names(organisation).own_backend)


COMMANDS = {check: [], preview: [], up: [], onboarded: ["project", "environment"], forget: ["project"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command, arguments in COMMANDS.items():
        found = commands.add_parser(command.__name__, help=command.__doc__)
        found.set_defaults(command=command)
        for argument in arguments:
            found.add_argument(argument)
    chosen = vars(parser.parse_args())
    try:
        chosen.pop("command")(**chosen)
    except MlopsError as mistake:
        print(mistake, file=sys.stderr)
        return mistake.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
