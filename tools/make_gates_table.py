"""Prints the list of gates for docs/gates.md, from their own words: `make gates-page` puts it between its markers."""

import re
import sys
from pathlib import Path
from typing import Any

from mlops.gates.run import discover

STAGES = {"data": "of the sources", "model": "of the model", "release": "of the release"}
BEGIN, END = "<!-- made of the gates' own words by the template -->\n", "<!-- end -->\n"


def page(text: str) -> str:
    """The page with the list renewed."""
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}{listed()}{END}{after}"


def listed() -> str:
    gates = discover("no_package")
    return "".join(
        f"\n### Gates {of}\n\n" + "".join(described(gate) for gate in gates.values() if gate.stage == stage)
        for stage, of in STAGES.items()
    )


def described(gate: Any) -> str:
    fields = {name: field for name, field in gate.Limits.model_fields.items() if name != "reason"}
    limits = "".join(
        f"  - `{name}` ({shown(field.get_default(call_default_factory=True))}): {one_line(field.description)}\n"
        for name, field in fields.items()
    )
    return f"- **`{gate.id}`** {one_line(gate.__doc__.strip().split(chr(10) * 2)[0])}\n{limits}"


def shown(default: Any) -> str:
    if isinstance(default, dict):
        return ", ".join(f"{name}: {shown(value)}" for name, value in default.items()) or "none"
    if isinstance(default, list):
        return ", ".join(default) or "none"
    return f"{default:g}" if isinstance(default, float) else str(default).lower()


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(page(file.read_text("utf-8")), encoding="utf-8")
