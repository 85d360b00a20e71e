"""What is wrong with the Markdown of a card, and a contract that cards speak of."""

import re
from datetime import date

from mlops.contract.types import Column, Contract

TODAY = date(2026, 5, 4)
ROW = Contract(
    Column("person", "text", "id"),
    Column("age", "number", unit="years", range=(18, float("inf"))),
    Column("job", "category", categories=("cook", "clerk"), unseen="accept", nullable=True),
    Column("sex", "category", "context", categories=("f", "m"), sensitive=True),
    Column("rent", "number", "label"),
)


def blank(text: str) -> list[str]:
    """Headings with nothing below them before the next of their level or above, and bold words that say nothing."""
    parts = re.split(r"^(#+ .*)$", text, flags=re.MULTILINE)
    found = []
    for place, heading in enumerate(parts[1::2]):
        body, level = parts[2 * place + 2].strip(), heading.index(" ")
        after = parts[2 * place + 3] if 2 * place + 3 < len(parts) else "# end"
        if not body and after.index(" ") <= level:
            found.append(heading)
    return found + re.findall(r"^- \*\*[^*]+\*\*[ \t]*$", text, flags=re.MULTILINE)


def uneven(text: str) -> list[str]:
    """Lines of a table with more or fewer cells than its head, and tables without a row."""
    found = []
    for table in re.findall(r"(?:^\|.*\n?)+", text, flags=re.MULTILINE):
        lines = table.splitlines()
        counts = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
        found += [line for line, count in zip(lines, counts, strict=True) if count != counts[0]]
        found += lines[:1] if len(lines) < 3 else []
    return found
