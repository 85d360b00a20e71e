"""Who is asked about a change of which file, from `people:` in mlops.yaml. `make owners` writes it for GitHub.

Azure DevOps reads no CODEOWNERS: reviewers are policies of a branch there, which somebody sets by hand
(learn.microsoft.com/azure/devops/repos/git/branch-policies, "Automatically include code reviewers").
"""

from pathlib import Path

from mlops import settings
from mlops.errors import Misuse
from mlops.files import write_text
from mlops.settings import Settings

FILE = Path(".github", "CODEOWNERS")
MADE = "# Made of `people:` in mlops.yaml by `make owners`.\n"
BY_HAND = """Azure DevOps reads no CODEOWNERS, so none is written: reviewers are policies of the branch {branch}.
Set them when the repository is set up, and again when this changes: Project settings, Repositories, Policies,
the branch, "Automatically included reviewers". One for each line, required; of a folder write `/infra/*`.
"""


def owners(known: Settings, workflows: str = ".github") -> str:
    """Paths and people. `workflows` is the folder of what checks changes."""
    may = known.people.may_change
    rules = {
        "*": [known.people.owner],
        f"/src/{known.model.package}/": may.model,
        "/azureml/": may.model,
        "/src/mlops/": may.gates,
        "/mlops.yaml": may.gates,
        "/responsible_ai/": may.gates,
        "/infra/": may.infrastructure,
        f"/{workflows}/": may.infrastructure,
    }
    return "".join(f"{path} {' '.join(people)}\n" for path, people in rules.items())


def check(project: Path, known: Settings) -> None:
    """Raises Misuse when the file is there and says something else."""
    file = project / FILE
    if file.is_file() and file.read_text("utf-8") != MADE + owners(known):
        raise Misuse("is not what `people:` in mlops.yaml says. Write it again: make owners", file, 1)


if __name__ == "__main__":
    loaded = settings.load(Path("mlops.yaml"))
    if FILE.parent.is_dir():
        write_text(FILE, MADE + owners(loaded))
    else:
        print(BY_HAND.format(branch=loaded.project.protected_branch) + owners(loaded, ".azuredevops"), end="")
