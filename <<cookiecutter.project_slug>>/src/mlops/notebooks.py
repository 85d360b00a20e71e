"""No secrets and no personal data in the outputs of notebooks: `python -m mlops.notebooks PATH...`."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from mlops.errors import Misuse, Refused, exits

PERSONAL: dict[str, str] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))


def findings(notebook: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Cell (counted from 1) and kind of each secret or personal datum in a cell's text outputs."""
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    with default_settings() as settings:
        settings.disable_plugins("Base64HighEntropyString", "HexHighEntropyString")
        for number, cell in enumerate(notebook["cells"], start=1):
            texts = (text for output in cell.get("outputs", []) for text in _texts(output))
            lines = [line for text in texts for line in text.splitlines()]
            kinds = {secret.type for line in lines for secret in scan_line(line)}
            kinds |= {kind for kind, pattern in PERSONAL.items() if any(re.search(pattern, line) for line in lines)}
            yield from ((number, kind) for kind in sorted(kinds))


def _texts(output: dict[str, Any]) -> Iterator[str]:
    """What a person can read in an output; images are left out."""
    shown = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
    for value in (*shown.values(), output.get("text", ""), output.get("traceback", ""), output.get("evalue", "")):
        yield value if isinstance(value, str) else "\n".join(value) if isinstance(value, list) else json.dumps(value)


def check(paths: list[Path]) -> None:
    """Raises Refused with every finding, and Misuse when a file is missing or is no notebook."""
    found = []
    for path in paths:
        for file in sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]:
            try:
                notebook = json.loads(file.read_text(encoding="utf-8"))
                found += [f"{file}: cell {number}: its output holds a {kind}" for number, kind in findings(notebook)]
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise Misuse("is no notebook that can be read: restore it, or leave it out.", file) from error
    if found:
        raise Refused("\n".join(found) + "\nClear these outputs, and change what the cells print.")


if __name__ == "__main__":
    with exits():
        check([Path(argument) for argument in sys.argv[1:]])
