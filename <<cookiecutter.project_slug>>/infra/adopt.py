"""`make infra-adopt STACK=dev`: take into the state what a killed `up` made in Azure without noting it.

The next `up` stops at such resources and names their ids; what it said is in .mlops/infra/STACK.up.jsonl.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from engine import STACKS, STATE, installed, pulumi_says

from mlops.errors import Failure, Misuse, exits

THERE = re.compile(r"cannot create already existing resource '(?P<id>[^']+)'")


def adopt(stack: str) -> None:
    """Import what the last `up` of a stack found there. Raises Misuse when it found nothing."""
    if stack not in STACKS:
        raise Misuse(f"say which stack, as in `make infra-adopt STACK=dev`: {', '.join(STACKS)}.")
    log = STATE / f"{stack}.up.jsonl"
    lines = log.read_text("utf-8").splitlines() if log.is_file() else []
    found = existing([json.loads(line) for line in lines if line.startswith("{")])
    if not found["resources"]:
        raise Misuse(f"the last `make infra-up STACK={stack}` stopped at nothing that is there already.")
    pulumi, file = installed(), STATE / f"{stack}.adopt.json"
    file.write_text(json.dumps(found, indent=2), "utf-8")
    for resource in found["resources"]:
        print(f"{resource['name']}: {resource['id']}")
    options = ("--generate-code=false", "--protect=false", "--skip-preview", "--yes")
    if pulumi_says(pulumi, "import", "--file", str(file), "--stack", stack, *options):
        raise Failure("the engine did not take all of them into the state: what stopped it stands above.")


def existing(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The resources that an `up` could not create since they are there, in the form of Pulumi's import file."""
    events = list(events)
    ids = {
        event["diagnosticEvent"]["urn"]: match["id"]
        for event in events
        if (match := THERE.search(event.get("diagnosticEvent", {}).get("message", "")))
    }
    failed = [event["resOpFailedEvent"]["metadata"] for event in events if "resOpFailedEvent" in event]
    resources = [
        {
            "type": each["type"],
            "name": each["urn"].rpartition("::")[2],
            "id": ids[each["urn"]],
            "parent": each["new"]["parent"],
        }
        for each in failed
        if each["urn"] in ids
    ]
    parents = {each["parent"] for each in resources}
    return {"nameTable": {urn: urn for urn in parents}, "resources": resources}


if __name__ == "__main__":
    with exits():
        adopt(*sys.argv[1:2] or [""])
