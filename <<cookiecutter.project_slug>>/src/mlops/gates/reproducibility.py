"""The same code, rows, parameters and seed must give the same bytes again."""

from collections.abc import Iterator, Mapping

from mlops import digest
from mlops.gates.base import Context, Verdict
from mlops.gates.limits import Limits

id, stage = "reproducibility", "model"

AGAIN = "Set the pipeline's input check_reproducible to true, and run it again."
MEND = "Look in train.py for what is drawn without the seed, for threads, and for the order of a set."

Digests = Mapping[str, str]


def measure(context: Context) -> tuple[Digests, Digests | None]:
    """Digest of each file of the artifact, by its name, as trained first and (None if it was not) again."""
    again = context.files["retrained"] / "model"
    return digest.of_files(context.files["model"]), digest.of_files(again) if again.is_dir() else None


def check(measured: tuple[Digests, Digests | None], limits: Limits) -> Iterator[Verdict]:
    first, again = measured
    if again is None:
        why = "the model was not trained a second time, so nobody knows whether it can be made again."
        return (yield Verdict(id, "artifact", None, None, False, why, AGAIN))
    differing = sorted(name for name in {*first, *again} if first.get(name) != again.get(name))
    what = f"{', '.join(differing)} became another file" if differing else "both times the same bytes were exported"
    yield Verdict(id, "artifact", len(differing), 0, not differing, f"trained twice: {what}.", MEND)
