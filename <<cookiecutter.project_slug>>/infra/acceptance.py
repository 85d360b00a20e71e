"""`make azure-check ENV=dev`: bring dev up, train, release, go back, and remove it all again, in a real subscription.

Each step is a command that people type. How it went is kept in .mlops/azure-check.json; `verified-azure.json` and
docs/verified.md change only when Azure itself did every step. Exit status: 0 done, 2 wrong use, 3 a step failed, 130
Ctrl-C, SIGTERM or a closed terminal; what was made is removed after each of them.
"""

import argparse
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import verified
from commands import MLOPS, PROJECT, PYTHON, RECORD, Steps, run, said_by, say
from prerequisites import ENDING_HOURS, HOURS, OTHER, TRAIN, affordable, ready

from mlops import files, settings
from mlops.errors import Failure, MlopsError, exits
from mlops.settings import Settings
from mlops.specs.load import read

NAMES = PROJECT / ".mlops" / "env" / "dev.json"
REACH = (PYTHON, "-P", "infra/reach.py")
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENGINE, WHY = (sys.executable, "infra/engine.py"), "acceptance run"
ELSEWHERE = ("PULUMI_DEBUG_PROVIDERS", "ARM_CLOUD_METADATA_URL")
"""Variables that lead a client to something else than Azure."""


def check(environment: str, cap: float, every: float, keep: bool) -> None:
    known = settings.load(PROJECT / "mlops.yaml")
    found = ready(environment, known)
    print(affordable(known, cap), flush=True)
    NAMES.unlink(missing_ok=True)
    steps = Steps(facts(known, found), time.monotonic() + 3600 * HOURS)
    try:
        go(steps, known, every)
    finally:
        gone = not keep and remove(steps)
        if keep:
            say("\ndev is kept, and costs money. Remove it with: make infra-destroy STACK=dev")
    if not gone and not keep:
        raise Failure("dev was not removed: what is above says why.")
    conclude(steps.record)


def facts(known: Settings, found: dict[str, Any]) -> dict[str, Any]:
    """Where and with what it is done, and whether it is Azure that answers; `found` is what `reach.py ready` says."""
    versions = {"pulumi": said_by("pulumi", "version"), "pulumi-azure-native": version("pulumi-azure-native")}
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "region": known.environments.dev.region,
        "commit": said_by("git", "rev-parse", "HEAD"),
        "versions": versions | {"azure-ai-ml": found["azure-ai-ml"]},
        "answered": found["answered"],
        "emulated": not found["answered"]["by"] or any(name in os.environ for name in ELSEWHERE),
    }


def go(steps: Steps, known: Settings, every: float) -> None:
    """From nothing to a release that was rolled back."""
    steps.do("preview", *ENGINE, "preview", "dev")
    steps.do("up", *ENGINE, "up", "dev", "--yes")
    steps.do("names", MLOPS, "env", "sync", "dev")
    steps.do("images", MLOPS, "env", "build", "--on", "dev")
    for file in sorted(PROJECT.glob("azureml/data/*.yml")):
        said = read(file).plain()
        path = os.path.relpath(file.parent / said["path"], PROJECT)
        steps.do("data", MLOPS, "data", "add", said["name"], path, "--on", "dev")
    for other in ((), ("--set", "{}={}".format(*OTHER))):
        steps.do("train", MLOPS, "run", TRAIN, *other, "--on", "dev", "-m", WHY)
        steps.do("register", MLOPS, "models", "register", "last", "--on", "dev")
    first, second = (f"{known.model.name}:{number}" for number in (1, 2))
    for model in (first, second):
        steps.do("share", MLOPS, "models", "share", model, "--on", "dev")
    steps.do("verify", MLOPS, "release", "verify", first, "--on", "dev")
    steps.do("first release", MLOPS, "release", "start", first, "--on", "dev")
    steps.do("second release", MLOPS, "release", "start", second, "--on", "dev")
    climb(steps, known, every)
    steps.do("back", MLOPS, "release", "rollback", "--reason", WHY, "--on", "dev")


def climb(steps: Steps, known: Settings, every: float) -> None:
    """Let callers ask, and look every so many seconds, until the ladder has ended. Raises Failure when it broke off."""
    for step in known.release.ladder:
        what = f"{step.mirror} % of the requests copied" if step.mirror else f"{step.share} % of the requests"
        print(f"\nladder: {what}", flush=True)
        began, act, why = time.monotonic(), "wait", ""
        while act in ("wait", "hold"):
            if run([*REACH, "call", "dev", str(every)], steps.until)[0]:
                raise Failure("nobody answered callers.")
            status, said = run([MLOPS, "release", "tick", "--on", "dev", "--json"], steps.until, kept=True)
            tick = json.loads(said or "{}")
            act, why = tick.get("act", "failure"), tick.get("why", "the sentence above says why.")
            print(f"{act}: {why}", flush=True)
        steps.keep("ladder", f"mlops release tick --on dev ({what})", began, status)
        if act != ("champion" if step is known.release.ladder[-1] else "advance"):
            raise Failure(f"the release did not go on: {act}, {why}")


def remove(steps: Steps) -> bool:
    """Take down what is there, whatever happened before. Whether all of it is gone; what is not is said."""
    undisturbed()
    steps.until = min(time.monotonic(), steps.until) + 3600 * ENDING_HOURS
    say("\nEverything that was made is removed. Ctrl-C does not stop that.")
    endpoints = [("remove endpoints", *REACH, "remove", "dev")] if NAMES.is_file() else []
    gone = True
    for step, *command in (*endpoints, ("destroy", *ENGINE, "destroy", "dev", "--yes")):
        try:
            steps.do(str(step), *command)
        except MlopsError as error:
            gone = False
            say(f"NOT REMOVED: {error}. Mend it, then: make infra-destroy STACK=dev")
    if gone:
        NAMES.unlink(missing_ok=True)
        say("dev is removed. What was shared in the registry, and the ledger, stay: nobody may delete there.")
    return gone


def stop(*_: object) -> None:
    """Once: another signal does not disturb how it ends."""
    undisturbed()
    raise KeyboardInterrupt


def undisturbed() -> None:
    for each in ENDS:
        signal.signal(each, lambda *_: None)  # SIG_IGN would be handed on to the commands


def conclude(record: dict[str, Any]) -> None:
    """Write down what Azure did. What something else did, or only a part, is not."""
    if not verified.proven(record):
        why = "it was not Azure that answered" if record["emulated"] else "dev is kept, so not all was done"
        return print(f"Nothing is recorded as verified: {why}. What was done is in {RECORD.relative_to(PROJECT)}.")
    files.write_json(verified.FILE, record)
    files.write_text(verified.PAGE, verified.page(record))
    print("Azure did every step. Commit verified-azure.json and docs/verified.md.")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="acceptance.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("environment", nargs="?", default="", help="dev")
    parser.add_argument("--cap", type=float, default=20, help="what it may cost, in the currency of infra/prices.yml")
    parser.add_argument("--every", type=float, default=60, help="seconds during which callers ask between two ticks")
    parser.add_argument("--keep", action="store_true", help="remove nothing at the end")
    return parser.parse_args()


if __name__ == "__main__":
    for each in ENDS:
        if signal.getsignal(each) != signal.SIG_IGN:  # as `nohup` has it
            signal.signal(each, stop)
    with exits():
        check(**vars(options()))
