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
    model = package(known)
    contracts = model.contract.SOURCES
    if set(known.data) != set(contracts):
        names = ", ".join(contracts)
        raise known.wrong(f"`data` says what the sources {names} of contract.py are, each under its name.", "data")
    context = Context(
        settings=known,
        contracts=contracts,
        row=model.contract.ROW,
        package=model,
        sources=paths(given.source, contracts),
        responsible_ai=given.responsible_ai,
        environment=given.environment,
    )
    base.conclude(judge("data", context), given.verdicts, log)


if __name__ == "__main__":
    names = ("settings", "responsible_ai", "verdicts", "recipe")
    base.run(base.arguments(__doc__, *names, source=True, environment=True), work)
