"""The sources against their contracts, by the gates of stage data."""

from argparse import Namespace

from mlops import settings
from mlops.steps import base
from mlops.steps.log import Log


def work(given: Namespace, log: Log) -> None:
    from mlops.gates.base import Context
    from mlops.gates.run import judge
    from mlops.steps import recipe
    from mlops.steps.package import package
    from mlops.steps.sources import paths

    known = settings.load(given.settings)
    recipe.write(known, given.recipe)
    contracts = package(known).contract.SOURCES
    if set(known.data) != set(contracts):
        names = ", ".join(contracts)
        raise known.wrong(f"`data` says what the sources {names} of contract.py are, each under its name.", "data")
    context = Context(settings=known, contracts=contracts, sources=paths(given.source, contracts))
    base.conclude(judge("data", context), given.verdicts, log)


if __name__ == "__main__":
    base.run(base.arguments(__doc__, "settings", "verdicts", "recipe", source=True), work)
