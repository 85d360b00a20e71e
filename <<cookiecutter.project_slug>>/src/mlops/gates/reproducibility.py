"""The same code, rows, parameters and seed must give the same bytes again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mlops import digest
from mlops.gates import limits
from mlops.gates.base import Context, Stage, Verdict

id = "reproducibility"
stage: Stage = "model"

AGAIN = "Set the pipeline's input check_reproducible to true, and run it again."
MEND = "Look in train.py for what is drawn without the seed, for threads, and for the order of a set."


class Limits(limits.Limits):
    """None: bytes are the same or they are not."""


@dataclass(frozen=True)
class Measured:
    """Digest of each file of the artifact, by its name, as trained first and (None if it was not) again."""

    first: Mapping[str, str]
    again: Mapping[str, str] | None


def measure(context: Context) -> Measured:
    again = context.files["retrained"] / "model"
    return Measured(digest.of_files(context.files["model"]), digest.of_files(again) if again.is_dir() else None)


def check(measured: Measured, limits: Limits) -> Iterator[Verdict]:
    first, again = measured.first, measured.again
    if again is None:
        why = "the model was not trained a second time, so nobody knows whether it can be made again."
        return (yield Verdict(id, "artifact", None, None, False, why, AGAIN))
    differing = sorted(name for name in {*first, *again} if first.get(name) != again.get(name))
    what = f"{', '.join(differing)} became another file" if differing else "both times the same bytes were exported"
    yield Verdict(id, "artifact", len(differing), 0, not differing, f"trained twice: {what}.", MEND)
