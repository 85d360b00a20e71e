"""`make infra-preview`, `infra-up` and `infra-destroy`: Pulumi's engine on one stack.

Nothing is made that the policies have not seen. `up` wants a preview of the same files that passed; it previews once
more itself, and asks. The events of a run are kept in .mlops/infra/STACK.VERB.jsonl. Exit status: 0 done, 1 refused by
a policy, 2 wrong use, 3 the engine failed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from names import SHORT
from record import HERE, Job, configured

from mlops.ci.findings import leave
from mlops.errors import Failure, Misuse, MlopsError

STACKS = tuple(SHORT)
PROJECT = HERE.parent
STATE = PROJECT / ".mlops" / "infra"


def main(arguments: Sequence[str]) -> int:
    verb, stack = (*arguments, "", "")[:2]
    verb, found = verb or "preview", dict[str, Any]()
    try:
        status = act(verb, stack, arguments[2:])
        found = told(log(stack, verb))
        if status > 1 and not found["wrong"]:
            found["wrong"] = "the engine failed before it could say why; the log of the job has its words."
    except MlopsError as error:
        print(error, file=sys.stderr)
        status, found = error.status, {"wrong": str(error)}
    except KeyboardInterrupt:
        return 130
    if verb == "preview" and stack in STACKS:
        try:
            leave(f"preview-{stack}", {"stack": stack, "status": status, **found})
        except MlopsError as error:
            print(error, file=sys.stderr)
            return status or error.status
    return status


def act(verb: str, stack: str, more: Sequence[str]) -> int:
    """Run the engine once. Raises Misuse, with the next step, before it starts."""
    if verb == "destroy" and stack == "prod":
        raise Misuse("prod is not destroyed from here; docs/infrastructure.md says how a person does it.")
    pulumi = ready(verb, stack)
    passed = STATE / f"{stack}.previewed"
    if verb == "up" and not (passed.is_file() and passed.read_text() == fingerprint()):
        raise Misuse(f"no preview of these files has passed: run `make infra-preview STACK={stack}`, and read it.")
    STATE.mkdir(parents=True, exist_ok=True)
    events = log(stack, verb)
    for old in (passed, events):
        old.unlink(missing_ok=True)
    if pulumi_says(pulumi, "stack", "select", "--create", stack):
        where = "Set PULUMI_BACKEND_URL to what the organisation's program printed"
        raise Failure(f"pulumi could not open the state of {stack}. {where}, sign in with `az login`, and repeat.")
    previewed = fingerprint()  # a new stack has put its salt into the settings
    policies = [] if verb == "destroy" else ["--policy-pack", "policy"]
    if pulumi_says(pulumi, verb, "--stack", stack, *policies, "--event-log", str(events), *more):
        return 1 if refused(events) else 3
    if verb == "preview":
        passed.write_text(previewed)
    return 0


def ready(verb: str, stack: str) -> str:
    """Where `pulumi` is. Raises Misuse, with the next step, for a stack on which it cannot act yet."""
    if stack not in STACKS:
        raise Misuse(f"say which stack, as in `make infra-{verb} STACK=dev`: {', '.join(STACKS)}.")
    pulumi = installed()
    if not configured(Job(stack))[2]:
        raise Misuse(
            "the project is not onboarded: have one entry added to the organisation's projects.yaml, and paste "
            "the block that it prints.",
            f"infra/Pulumi.{stack}.yaml",
        )
    return pulumi


def installed() -> str:
    """Where `pulumi` is. Raises Misuse where it is not."""
    if not (found := shutil.which("pulumi")):
        way = "run `make pulumi` and put .venv/bin there, or install 3.258 or newer (https://www.pulumi.com/docs/install)."
        raise Misuse(f"`pulumi` is not on the PATH: {way}")
    return found


def pulumi_says(*command: str) -> int:
    """Run the engine in the program's folder; returns its exit status."""
    environment = {**os.environ, "PULUMI_DEBUG_COMMANDS": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
    with subprocess.Popen(command, cwd=HERE, env=environment) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the engine has it too, and ends in order: killed, it would leave a lock
            process.wait()
            raise


def fingerprint() -> str:
    """A digest of every file that decides what a stack becomes."""
    kinds = ("*.py", "*.yml", "*.yaml", "requirements.txt")
    found = {
        each for kind in kinds for each in HERE.rglob(kind) if not {".venv", "tests"} & {*each.relative_to(HERE).parts}
    }
    whole = hashlib.sha256()
    for file in [PROJECT / "mlops.yaml", *sorted(found)]:
        whole.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def log(stack: str, verb: str) -> Path:
    return STATE / f"{stack}.{verb}.jsonl"


def read(events: Path) -> list[Mapping[str, Any]]:
    """What the engine wrote, as far as it got: a line that was cut, as on a full disk, is none."""
    found = list[Mapping[str, Any]]()
    for line in events.read_text("utf-8").splitlines() if events.is_file() else []:
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def refused(events: Path) -> bool:
    """Whether a mandatory policy was violated."""
    return any(each.get("policyEvent", {}).get("enforcementLevel") == "mandatory" for each in read(events))


def told(events: Path) -> dict[str, Any]:
    """What a preview came to: changes by their kind, the resources, what is violated, and the first error, if any."""
    found = read(events)
    steps = [each["resourcePreEvent"]["metadata"] for each in found if "resourcePreEvent" in each]
    broken = [each["policyEvent"] for each in found if "policyEvent" in each]
    errors = [each["diagnosticEvent"] for each in found if "diagnosticEvent" in each]
    errors = [each["message"] for each in errors if each.get("severity") == "error"]
    return {
        "changes": next((each["summaryEvent"]["resourceChanges"] for each in found if "summaryEvent" in each), {}),
        "resources": [
            {"op": each["op"], "type": each["type"], "name": each["urn"].rpartition("::")[2]} for each in steps
        ],
        "violations": [each["message"] for each in broken if each["enforcementLevel"] == "mandatory"],
        "wrong": errors[0] if errors and not broken else "",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
