"""`make infra-check`: settings, policies, costs and the rights page of the stacks; nobody signs in, nothing is made.

Exit status: 0 all stands, 1 a policy or the rights page refuses, 2 a setting or a file is wrong, 3 a program failed.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from names import SHORT
from slip import sentence

from mlops import files
from mlops.ci.findings import leave
from mlops.errors import MlopsError
from mlops.words import counted


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="check.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stack", action="append", choices=SHORT, help="only this stack; may be given more than once")
    parser.add_argument("--against", default="HEAD", metavar="REF", help="commit that costs are compared with")
    parser.add_argument("--json", action="store_true", help="print JSON for a script")
    given = parser.parse_args(arguments)
    try:
        from findings import check  # here, since a slip in what it imports is said too

        found = check(given.stack or tuple(SHORT), given.against)
    except MlopsError as error:
        return failed(error.status, str(error))
    except Exception as error:
        return failed(3, sentence(error))
    leave("infra", found)
    print(files.as_json(found) if given.json else "\n".join(told(found)))
    return found["status"]


def failed(status: int, wrong: str) -> int:
    print(wrong, file=sys.stderr)
    leave("infra", {"status": status, "wrong": wrong})
    return status


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """The findings as a person reads them."""
    for each in found["stacks"]:
        if each["status"] > 1:
            yield f"{each['stack']}\n{each['wrong']}\n"
            continue
        judged = counted(len(each["violations"]), "violation") if each["violations"] else "no violations"
        yield f"{each['stack']}: {counted(each['resources'], 'resource')}, {judged} of the policies"
        if not each["onboarded"]:
            yield "  Not onboarded yet: made-up names stand for the organisation's. See docs/infrastructure.md."
        yield from (f"  {violation}" for violation in each["violations"])
        spent = each["costs"]
        yield from columns([("item", "count", spent["currency"], "a month"), *spent["table"]])
        yield f"  {spent['verdict']}"
        if spent["difference"]:
            yield from columns([("changed", f"at {found['against']}", "now"), *spent["difference"]])
        elif spent["difference"] is not None:
            yield f"  Costs are what they were at {found['against']}."
        yield ""
    yield from filter(None, (found["not_compared"], found["rights"]))


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        yield f"  {'  '.join(cells)}".rstrip()


if __name__ == "__main__":
    sys.exit(main())
