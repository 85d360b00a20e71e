"""Writes docs/verified.md: what was verified, and how. Made from verified.yml and `verified-azure.json`.

That file is written by the acceptance run, and only when Azure itself did every step.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from rights import table

HERE = Path(__file__).resolve().parent
PAGE, FILE = HERE.parent / "docs" / "verified.md", HERE.parent / "verified-azure.json"
CAPABILITIES: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "verified.yml").read_text("utf-8"))
"""By where they run: `here`, `azure`, `ci`."""
STEPS = tuple(step for each in CAPABILITIES["azure"] for step in each.get("steps", ()))
NEVER = "not run in Azure"
MADE = """Made by `infra/.venv/bin/python infra/verified.py` from infra/verified.yml and
`verified-azure.json`. Each line has a test in the template that fails when it is no longer so; what
that cannot show stands beside it."""
CI = """The files of both CI systems are read. The commands of jobs that act in Azure run in order, each job
in a fresh clone, logged in as it would be, against an emulated Azure; the others are run by tests; what
both systems share runs once. No workflow ran in GitHub Actions or in Azure Pipelines."""
EMULATED = """Tests hold each line with the real Pulumi engine or the official Azure ML client,
against an emulated Azure that refuses what Azure is known to refuse. That proves what is sent, by
whom and in which order, and that a refusal is said in words. That Azure takes it, only Azure can
prove."""
Record = Mapping[str, Any]
"""What an acceptance run did: where, with what, who answered, and its steps."""


def proven(record: Record | None) -> bool:
    """Whether it was a whole run that Azure itself answered."""
    if not record or record["emulated"] is not False or not record["answered"]["by"]:
        return False
    steps = {each["step"]: each["status"] for each in record["steps"]}
    return {*STEPS} <= steps.keys() and not any(each["status"] for each in record["steps"])


def read() -> Record | None:
    return json.loads(FILE.read_text("utf-8")) if FILE.is_file() else None


def page(record: Record | None) -> str:
    return "\n".join(_lines(record if proven(record) else None)) + "\n"


def _lines(record: Record | None) -> Iterator[str]:
    shown = ["what", "test of the template", "with"]
    yield from ("# What was verified, and how", "", MADE, "")
    yield from ("## On this machine", "", *table([*shown, "does not show"], rows("here")), "")
    yield from ("## In CI", "", CI, "", *table([*shown, "does not show"], rows("ci")), "")
    seconds = Counter[str]()
    for each in record["steps"] if record else ():
        seconds[each["step"]] += each["seconds"]

    def there(steps: list[str]) -> str:
        return f"{record['date']}, {sum(seconds[step] for step in steps):,.0f} s" if record and steps else NEVER

    steps = [each.get("steps", []) for each in CAPABILITIES["azure"]]
    found = [(*row[:3], there(own)) for row, own in zip(rows("azure"), steps, strict=True)]
    yield from ("## In Azure", "", EMULATED, "", *table([*shown, "in Azure"], found), "")
    if record:
        yield from _run(record)
    else:
        yield "The first run in a subscription is `make azure-check ENV=dev`, which nobody has done:"
        yield "[infrastructure.md](infrastructure.md#the-acceptance-run)."


def rows(where: str) -> list[tuple[str, ...]]:
    return [(each["what"], f"`{each['test']}`", each["with"], each.get("not", "")) for each in CAPABILITIES[where]]


def _run(record: Record) -> Iterator[str]:
    yield "## The run in Azure"
    yield ""
    facts = {name: str(record[name]) for name in ("date", "region", "commit")} | record["versions"]
    facts["answered by"] = f"{record['answered']['host']}, whose certificate is from {record['answered']['by']}"
    yield from table(["", ""], list(facts.items()))
    yield ""
    yield from table(
        ["command", "seconds"], [(f"`{each['command']}`", f"{each['seconds']:,.0f}") for each in record["steps"]]
    )


if __name__ == "__main__":
    PAGE.write_text(page(read()), "utf-8")
