"""Writes docs/rights.md from roles.py: the page that the platform team signs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from names import SHORT
from roles import CUSTOM, RIGHTS, SCOPES, WHO, Right

PAGE = Path(__file__).resolve().parents[1] / "docs" / "rights.md"
BY = {"stack": "the project's stack", "organisation": "the organisation's program"}
SIGNED = "## Signed"
UNSIGNED = f"""{SIGNED}

What stands above is what we allow. When it changes, this part is empty again.

| name | for | date | signature |
|---|---|---|---|
| | platform team | | |
| | project | | |
"""


def body() -> str:
    """The page as far as it is made from roles.py."""
    parts = ["\n".join(opening()), *("\n".join(environment(name)) for name in SHORT), "\n".join(own_roles())]
    return "\n\n".join(parts) + "\n\n"


def opening() -> Iterator[str]:
    yield "# Who may do what"
    yield ""
    yield "Made by `make infra-rights` from infra/roles.py: change it there. Nothing here has a key or a password."
    yield "In staging and prod no person changes anything; signers add entries to the ledger. A row for something that"
    yield "exists already counts only where the stack names one. `Role Based Access Control Administrator` always comes"
    yield "with a condition: only roles of the rows that the stack assigns there, only to identities, never to people"
    yield "or to CI. Who holds the lease of an environment may write that one blob of the ledger and no other. By a"
    yield "condition, too, who reads blobs of resource group or storage account does not read the sensitive log,"
    yield "and investigators read nothing else; operators, signers, readers and CI's reader read models there only."
    yield ""
    yield from table(["who", "is"], [(name.replace("_", " "), what) for name, what in WHO.items()])


def environment(name: str) -> Iterator[str]:
    found = [right for right in RIGHTS if name in right.environments]
    yield f"## {name}"
    yield ""
    yield from table(["who", "role", "where", "why", "assigned by"], (row(right) for right in found))


def row(right: Right) -> Sequence[str]:
    return right.who.replace("_", " "), right.role, SCOPES[right.scope], right.why, BY[right.assigned_by]


def own_roles() -> Iterator[str]:
    yield "## Roles of our own"
    yield ""
    yield "The organisation's program defines them; the rest are Azure's."
    yield ""
    yield from table(
        ["role", "about", "actions"],
        (
            (name, role.about, "<br>".join(f"`{action}`" for action in (*role.actions, *role.data_actions)))
            for name, role in CUSTOM.items()
        ),
    )


def table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


def current(page: Path) -> bool:
    """Whether a page is what roles.py says, signed or not."""
    return page.is_file() and page.read_text("utf-8").partition(SIGNED)[0] == body()


def write(page: Path = PAGE) -> None:
    """Write the page, unless it says the same already: it may be signed."""
    if not current(page):
        page.write_text(body() + UNSIGNED, "utf-8")


if __name__ == "__main__":
    write()
