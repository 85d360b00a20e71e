"""A model that was trained too long ago, or on rows that are too old, does not go into service."""

from collections.abc import Iterator, Mapping
from datetime import date

from mlops.gates import limits
from mlops.gates.base import Context, Verdict
from mlops.sections import Count

id, stage = "staleness", "release"

MODEL, REFERENCE = "model", "reference"
TRAIN = "Train it again with `mlops run azureml/pipelines/train.yml --fresh --register`."
FETCH = "Fetch newer data and train again, or raise gates.staleness.most_days_of_reference in mlops.yaml and say why."


class Limits(limits.Limits):
    most_days_of_model: Count = 365
    """How many days ago the model may have been trained."""
    most_days_of_reference: Count = 730
    """How many days old the newest row may be that it was judged by, to which later rows are compared."""


def measure(context: Context) -> Mapping[str, int | None]:
    """Days since the training and since the newest row; None where rows have no time."""
    newest, trained = context.evaluation["newest"], context.evaluation["training"]["at"][:10]
    days = {MODEL: trained, REFERENCE: newest}
    return {name: (context.today - date.fromisoformat(day)).days if day else None for name, day in days.items()}


def check(measured: Mapping[str, int | None], limits: Limits) -> Iterator[Verdict]:
    for subject, what, most, mend in (
        (MODEL, "the model was trained", limits.most_days_of_model, TRAIN),
        (REFERENCE, "the newest row that the model was judged by is from", limits.most_days_of_reference, FETCH),
    ):
        days = measured[subject]
        if days is None:
            yield Verdict(id, subject, None, most, True, "the rows have no time, so none can be too old.")
            continue
        why = f"{what} {days:,} days ago; it must be 0 to {most:,}."
        yield Verdict(id, subject, days, most, -1 <= days <= most, why, mend)  # today is local, the others are UTC
