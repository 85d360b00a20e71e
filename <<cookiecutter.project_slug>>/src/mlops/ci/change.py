"""`this-change`: the model that this run of CI has registered, whatever others have registered since."""

from collections.abc import Sequence

from mlops.ci import here
from mlops.errors import Misuse
from mlops.evidence import build
from mlops.evidence.statements import Statement
from mlops.platform.base import Platform

THIS_CHANGE = "this-change"


def this_change(platform: Platform, signed: Sequence[Statement]) -> str:
    """The newest by its build statement, also where another run had registered the same bytes before.

    Raises Misuse outside CI, and when there is none.
    """
    run, made = here.needed(), dict[str, str]()
    for model in platform.models.list():
        if times := [each["time"] for each in build.stated(model, signed) if here.same(each.get("ci"), run)]:
            made[f"{model.name}:{model.version}"] = max(times)
    if not made:
        raise Misuse(f"this run of CI has registered no model: see why its training ended. {run['url']}")
    return max(made, key=lambda reference: made[reference])
