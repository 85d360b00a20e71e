"""The rows of a folder scored by many nodes: the entry script of a parallel component, one file to a mini batch."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))  # the job's code: only this script's own folder is on the path

HELD: dict[str, Any] = {"open": ExitStack()}


def init() -> None:
    from mlops import settings
    from mlops.batch.scoring import TableScorer
    from mlops.steps import base

    given, _ = base.arguments(__doc__, "settings", "model", "scored").parse_known_args()
    scorer = TableScorer.of_folder(given.model, settings.load(given.settings).model.name)
    HELD.update(scorer=HELD["open"].enter_context(scorer), to=given.scored)


def run(mini_batch: list[str]) -> list[str]:
    """Score files; returns one line for each. What is scored already is left as it is, and what is no Parquet too."""
    return [f"{Path(file).name}: {_score(Path(file))}" for file in mini_batch]


def _score(file: Path) -> str:
    from mlops.batch.pieces import pieces

    if file.suffix != ".parquet":
        return "not read"
    HELD["scorer"].unread(file)
    bad = sum(HELD["scorer"].write(piece, HELD["to"]) for piece in pieces(file, file.parent))
    return f"{bad} rows set aside"
