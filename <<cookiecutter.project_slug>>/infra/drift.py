"""`make infra-drift`: whether Azure still is what a stack says. It only reads, so CI's reader may do it.

The events of the run are kept in .mlops/infra/STACK.drift.jsonl. Exit status: 0 it is, 1 it is not, 2 wrong use, 3 the
engine failed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from engine import STATE, pulumi_says, read, ready

from mlops.errors import Failure, Refused, exits
from mlops.words import counted

PAGE = "docs/runbooks/drift.md"
SAID = {"create": "is not there", "update": "is another", "replace": "is another, so made anew", "delete": "is extra"}


def look(stack: str) -> None:
    """Raises Refused where Azure is another than the stack, Failure where that cannot be seen."""
    pulumi = ready("drift", stack)
    STATE.mkdir(parents=True, exist_ok=True)
    events = STATE / f"{stack}.drift.jsonl"
    events.unlink(missing_ok=True)
    if pulumi_says(pulumi, "stack", "select", stack):
        where = "Set PULUMI_BACKEND_URL to what the organisation's program printed, sign in with `az login`"
        raise Failure(f"pulumi could not open the state of {stack}. {where}, and bring it up if it never was.")
    seen = ("preview", "--stack", stack, "--refresh", "--expect-no-changes", "--event-log", str(events))
    if not pulumi_says(pulumi, *seen):
        return
    if not (found := list(dict.fromkeys(drifted(events)))):
        raise Failure(f"the engine could not compare {stack} with Azure: what stopped it stands above.")
    lines = "\n".join(f"  {each}" for each in found)
    raise Refused(
        f"{counted(len(found), 'resource')} of {stack} {'is' if len(found) == 1 else 'are'} not as the program says:\n"
        f"{lines}\nFind out who and why, then bring it back or keep it: {PAGE}"
    )


def drifted(events: Path) -> Iterator[str]:
    """What an event log says is another: the resource, how, and which of its properties."""
    for event in read(events):
        step = event.get("resourcePreEvent", {}).get("metadata", {})
        if said := SAID.get(step.get("op", "")):
            properties = ", ".join(sorted(step.get("detailedDiff") or step.get("diffs") or ()))
            yield f"{step['urn'].rpartition('::')[2]} ({step['type']}) {said}{': ' if properties else ''}{properties}"


if __name__ == "__main__":
    with exits():
        look(*sys.argv[1:2] or [""])
