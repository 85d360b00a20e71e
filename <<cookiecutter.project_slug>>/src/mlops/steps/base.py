"""What all steps share: the log, the model package, and how a step ends."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from mlops.contract.types import Contract
from mlops.errors import Misuse, MlopsError, Refused
from mlops.files import write_json
from mlops.gates.base import Verdict, tally
from mlops.steps.log import Log, opened
from mlops.words import pairs

Given = argparse.Namespace
REFUSED = 10
"""Exit status of a step that refuses. Azure ML reports none, so its run has the tag `mlops.refused` as well."""


def arguments(
    about: str | None, *names: str, optional: Sequence[str] = (), source: bool = False, environment: bool = False
) -> argparse.ArgumentParser:
    """A parser that wants a path for each name, and takes one for each that is optional."""
    parser = argparse.ArgumentParser(description=about)
    for name in (*names, *optional):
        parser.add_argument(f"--{name}", type=Path, required=name not in optional)
    if environment:
        parser.add_argument("--environment", default="local")
    if source:
        parser.add_argument("--source", action="append", required=True, metavar="NAME=PATH")
    return parser


def paths(given: Sequence[str], contracts: Mapping[str, Contract]) -> dict[str, Path]:
    """The raw tables by name, of each `NAME=PATH`. Raises Misuse when the names are not those of SOURCES."""
    found = {name: Path(path) for name, path in pairs("--source", given).items()}
    if set(found) != set(contracts):
        names, known = ", ".join(sorted(found)), ", ".join(sorted(contracts))
        raise Misuse(
            f"the job gives the sources {names}; SOURCES in contract.py has {known}. "
            "Name the same ones in azureml/pipelines, in the components validate and prepare, and in contract.py."
        )
    return found


def run(parser: argparse.ArgumentParser, work: Callable[[Given, Log], None]) -> NoReturn:
    """Do the work, say in words what went wrong, and leave the tag by which both executors know a refusal."""
    given = parser.parse_args()
    with opened() as log:
        try:
            work(given, log)
            status = 0
        except MlopsError as error:
            print(error, flush=True)
            status = REFUSED if isinstance(error, Refused) else error.status
            if isinstance(error, Refused | Misuse):
                log.tag("mlops.refused", "verdict" if isinstance(error, Refused) else "input")
    sys.exit(status)


def conclude(verdicts: Sequence[Verdict], to: Path, log: Log, model: str | None = None) -> None:
    """Write and log `verdicts.json`, then raise Refused when one of them does not stand.

    `model` is the digest of the artifact that was judged.
    """
    path = to / "verdicts.json"
    write_json(path, {"model": model, "verdicts": verdicts})
    log.file(path)
    refusing = [f"refused by {each.gate}: {each.why} {each.next_step}" for each in verdicts if not each.stands]
    if refusing:
        raise Refused("\n".join(refusing))
    print(tally(verdicts))
