"""What a model card says: all of it is in the signed statement of how the model was made, and in the ledger."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from mlops.errors import Refused
from mlops.evidence import entries
from mlops.evidence.verify import in_force
from mlops.platform.base import Platform
from mlops.settings import Settings

HEADING = re.compile(r"^##+ +(.*)$", re.MULTILINE)
QUESTION = re.compile(r"<!--[\s\S]*?-->|^>.*$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
"""A link to a file that does not come along."""


def facts(reference: str, platform: Platform, known: Settings, today: date) -> dict[str, Any]:
    """What the template `model.md.j2` needs. Raises Refused when statement or ledger cannot be believed, Misuse."""
    model = platform.models.get(reference)
    signed, faults = entries.read(platform, known)
    if faults:
        raise Refused("\n".join(faults))
    made = in_force(model, "local", platform, known, signed)
    return {
        "model": model,
        "key": made.key,
        "says": made.says,
        "answers": answers(made.says["assessment"]),
        "signed": entries.said_of(made.says["system"], signed),
        "today": today.isoformat(),
    }


def answers(files: Mapping[str, str]) -> dict[str, Markup]:
    """What the assessment says under its headings, as Markdown, without the questions."""
    found = {}
    for text in files.values():
        parts = HEADING.split(text)
        for heading, body in zip(parts[1::2], parts[2::2], strict=True):
            if answer := LINK.sub(r"\1", QUESTION.sub("", body)).strip():
                found[heading.strip()] = Markup(answer)
    return found
