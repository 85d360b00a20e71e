"""The sources against their contracts, by the gates of stage data."""

from mlops import settings
from mlops.steps import base


def work(given: base.Given, log: base.Log) -> None:
    from mlops.files import write_json
    from mlops.gates.base import Context
    from mlops.gates.run import judge
    from mlops.steps.package import Recipe, package

    known = settings.load(given.settings)
    write_json(given.recipe, Recipe(known.model.package, known.training.test_share))
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
        sources=base.paths(given.source, contracts),
        responsible_ai=given.responsible_ai,
        environment=given.environment,
    )
    base.conclude(judge("data", context), given.verdicts, log)


if __name__ == "__main__":
    names = ("settings", "responsible_ai", "verdicts", "recipe")
    base.run(base.arguments(__doc__, *names, source=True, environment=True), work)
