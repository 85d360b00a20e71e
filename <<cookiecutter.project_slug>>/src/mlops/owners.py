"""CODEOWNERS from `people:` in mlops.yaml: who is asked about a change of which file. `make owners` writes it."""

from pathlib import Path

from mlops import settings
from mlops.errors import Misuse
from mlops.files import replacing
from mlops.settings import Settings

FILE = Path(".github", "CODEOWNERS")


def owners(known: Settings) -> str:
    may = known.people.may_change
    rules = {
        "*": [known.people.owner],
        f"/src/{known.model.package}/": may.model,
        "/azureml/": may.model,
        "/src/mlops/": may.gates,
        "/mlops.yaml": may.gates,
        "/responsible_ai/": may.gates,
        "/infra/": may.infrastructure,
        "/.github/": may.infrastructure,
    }
    lines = (f"{path} {' '.join(people)}\n" for path, people in rules.items())
    return "# Made of `people:` in mlops.yaml by `make owners`.\n" + "".join(lines)


def check(project: Path, known: Settings) -> None:
    """Raises Misuse when the file is there and says something else."""
    file = project / FILE
    if file.is_file() and file.read_text("utf-8") != owners(known):
        raise Misuse("is not what `people:` in mlops.yaml says. Write it again: make owners", file, 1)


if __name__ == "__main__":
    with replacing(FILE) as draft:
        draft.write_text(owners(settings.load(Path("mlops.yaml"))), encoding="utf-8")
