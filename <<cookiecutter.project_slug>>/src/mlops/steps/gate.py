"""The gates of stage model. Together with the verdicts on the data they decide whether a model may be registered."""

from mlops import settings
from mlops.steps import base

FILES = ("rows", "model", "retrained", "champion")


def work(given: base.Given, log: base.Log) -> None:
    from mlops import digest
    from mlops.errors import Misuse
    from mlops.files import read_json
    from mlops.gates.base import Context, read_verdicts
    from mlops.gates.run import discover, judge
    from mlops.steps.package import package

    known = settings.load(given.settings)
    model = package(known)
    context = Context(
        settings=known,
        contracts=model.contract.SOURCES,
        row=model.contract.ROW,
        package=model,
        evaluation=read_json(given.evaluation / "metrics.json"),
        files={name: path for name in FILES if (path := getattr(given, name))},
        responsible_ai=given.responsible_ai,
        environment=given.environment,
    )
    on_data = read_verdicts(read_json(given.verdicts / "verdicts.json"))
    judging = {name for name, gate in discover(known.model.package).items() if gate.stage == "data"}
    if silent := judging - {verdict.gate for verdict in on_data}:
        what = f"has no verdict of {', '.join(sorted(silent))}. Run the step validate with all gates."
        raise Misuse(what, given.verdicts / "verdicts.json")
    if (judged := digest.of_folder(given.model)) != context.evaluation["model"]:
        raise Misuse("metrics.json was measured of another model. Run the step evaluate on this one.", given.model)
    base.conclude([*on_data, *judge("model", context)], given.gated, log, model=judged)


if __name__ == "__main__":
    names = ("settings", "responsible_ai", "verdicts", "rows", "model", "evaluation", "retrained", "gated")
    base.run(base.arguments(__doc__, *names, optional=("champion",), environment=True), work)
