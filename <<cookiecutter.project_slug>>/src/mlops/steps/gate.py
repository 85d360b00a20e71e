"""The gates of stage model. Together with the verdicts on the data they decide whether a model may be registered."""

from argparse import Namespace

from mlops import settings
from mlops.steps import base
from mlops.steps.log import Log


def work(given: Namespace, log: Log) -> None:
    from mlops.files import read_json
    from mlops.gates.base import Context, read_verdicts
    from mlops.gates.run import judge
    from mlops.steps.package import package

    known = settings.load(given.settings)
    evaluation = read_json(given.evaluation / "metrics.json")
    context = Context(settings=known, contracts=package(known).contract.SOURCES, evaluation=evaluation)
    on_data = read_verdicts(read_json(given.verdicts / "verdicts.json"))
    base.conclude([*on_data, *judge("model", context)], given.gated, log, model=evaluation["model"])


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "settings", "verdicts", "evaluation", "gated"), work)
