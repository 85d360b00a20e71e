"""`mlops models`."""

from typing import Annotated

import typer

from mlops.commands.common import AsJson, Run, group, open_platform

app = group("Register, list and show models.")


@app.command()
def register(run: Run) -> None:
    """Register the model that a run trained, if every verdict on it stands."""
    from mlops.evidence import register
    from mlops.show import console

    project, platform = open_platform()
    model = register.register(platform.jobs.find(run), platform, project)
    console.print(f"registered [bold]{model.name}:{model.version}[/], digest {model.digest[:12]}")
    if model.lineage["code"]["dirty"]:
        console.print("Its code is not committed: a copy is kept with the run. Commit it before others build on it.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The registered models, newest last."""
    from mlops import show

    found = open_platform()[1].models.list()
    if as_json:
        return show.record(found)
    if not found:
        first = "`mlops run azureml/pipelines/train.yml --register` makes the first."
        return show.console.print(f"No model is registered yet: {first}")
    rows = (
        (f"{it.name}:{it.version}", it.digest[:12], it.lineage["run"][:8], it.lineage["evaluation"]["outcome"])
        for it in found
    )
    show.table(("model", "digest", "run", "outcome"), rows)


@app.command()
def show(ref: Annotated[str, typer.Argument(help="`name:3` or `name@DIGEST12`.")], as_json: AsJson = False) -> None:
    """Where a model comes from and what was measured."""
    from mlops import show
    from mlops.commands.origin import origin
    from mlops.gates.base import read_verdicts

    found = open_platform()[1].models.get(ref)
    if as_json:
        return show.record(found)
    lineage, measured = found.lineage, found.lineage["evaluation"]
    judged = {"metrics": {"outcome": measured["outcome"], **measured["metrics"]}, "verdicts": read_verdicts(lineage)}
    handles = {"model": f"{found.name}:{found.version}", "digest": found.digest}
    said = {"run": lineage["run"], "reason": lineage["reason"], "chosen": (lineage.get("choice") or {}).get("why")}
    show.facts({**handles, **said, **origin({**lineage, **judged})})
