"""What a model card says: all of it is in the signed statement of how the model was made, and in the ledger."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from markupsafe import Markup

from mlops.errors import Refused
from mlops.evidence import assessment, entries, waivers
from mlops.evidence.verify import in_force
from mlops.platform.base import Platform
from mlops.settings import Settings

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
        "waivers": waivers.signed(made.says),
        "standing": entries.standing(signed),
        "signed": entries.said_of(made.says["system"], signed),
        "today": today.isoformat(),
    }


def answers(files: Mapping[str, str]) -> dict[str, Markup]:
    """What the assessment says under its headings but the first, as Markdown, without the questions."""
    parts = [part for text in files.values() for part in assessment.parts(text) if part.level > 1 and part.said]
    return {part.heading: Markup(LINK.sub(r"\1", part.said)) for part in parts}
