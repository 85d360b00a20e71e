"""`projects.yaml` as it is shipped, with some of its texts replaced."""

from pathlib import Path

from tests.infra import TEMPLATE

FILE = TEMPLATE / "infra" / "projects.yaml"
SHIPPED = FILE.read_text("utf-8")
SLUG = "income-support-triage"
OURS = "repo:example-agency@1000001/income-support-triage@2000002"
"""How GitHub's tokens name its repository."""
DEVOPS = (("ci: github-actions", "ci: azure-devops"), (f"    subject: {OURS}\n", ""))
CONNECTION = "/eid1/c/pub/t/tenant/a/app/sc/organisation/connection"
PROVIDERS = "/subscriptions/00000000-0000-0000-0000-000000000102/resourceGroups/{}/providers/Microsoft."


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = folder / "projects.yaml"
    file.write_text(text, "utf-8")
    return file


def in_prod(line: str) -> tuple[str, str]:
    """The change that adds a line to the entry's prod: it is line 46."""
    return "monthly_budget: 400", f"monthly_budget: 400\n        {line}"


def second(slug: str = "second") -> str:
    """Another entry, of its own in every respect."""
    entry = SHIPPED.partition(f"  {SLUG}:")[2]
    entry = entry.replace("incomesupp", "second").replace(SLUG, slug).replace("@2000002", "@2000003")
    return f"  {slug}:{entry}"
