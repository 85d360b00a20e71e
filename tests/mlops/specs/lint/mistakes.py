"""Single mistakes in the specs of the reference project and of `more/`, and what must be said about each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Mistake:
    """In a file below `azureml/` the text `old` becomes `new`; the line that is named is the one where `at` ends."""

    name: str
    file: str
    old: str
    new: str
    at: str
    says: str
    on: Any = "dev"
    status: int = 1

    def make(self, project: Path) -> tuple[Path, int]:
        """Make it; returns the file and the line that must be named."""
        file = (project / "azureml" / self.file).resolve()
        text = file.read_text("utf-8")
        assert text.count(self.old) == 1, f"{self.old!r} is not once in {self.file}"
        changed = text.replace(self.old, self.new)
        assert changed.count(self.at) == 1, f"{self.at!r} is not once in the changed {self.file}"
        file.write_text(changed, "utf-8")
        return file, changed[: changed.index(self.at) + len(self.at)].count("\n") + 1


MISTAKES = [Mistake(**each) for each in yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))]
