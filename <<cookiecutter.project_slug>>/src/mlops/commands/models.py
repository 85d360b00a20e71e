"""`mlops models`."""

from datetime import date

import typer

from mlops.commands.common import AsJson, Card, Ref, Run, group, open_platform

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
def show(ref: Ref, as_json: AsJson = False) -> None:
    """Where a model comes from, what was measured, what is waived, and who signed since."""
    from mlops import settings, show
    from mlops.commands.origin import origin
    from mlops.evidence import build, entries
    from mlops.gates.base import read_verdicts

    project, platform = open_platform()
    found = platform.models.get(ref)
    signed, faults = entries.read(platform, settings.load(project / "mlops.yaml"))
    for sentence in faults:
        typer.echo(sentence, err=True)
    newest = build.newest(signed, found.digest)
    says = newest.says if newest else found.lineage
    said = entries.said_of(says["system"], signed)
    if as_json:
        return show.record({**vars(found), "lineage": says, "signed": said})
    measured, verdicts = says["evaluation"], read_verdicts(says)
    waived = [f"{each.waiver}: {each.why}" for each in verdicts if not each.passed]
    judged = {"metrics": {"outcome": measured["outcome"], **measured["metrics"]}, "verdicts": verdicts}
    handles = {"model": f"{found.name}:{found.version}", "digest": found.digest}
    handles |= {"run": says["run"], "reason": says["reason"], "chosen": (says.get("choice") or {}).get("why")}
    show.facts({**handles, **origin({**says, **judged}), "waived": "\n".join(waived), "signed": "\n".join(said)})


@app.command()
def card(ref: Ref, to: Card = None) -> None:
    """Write the model card out of what was signed about a model; prints where it is."""
    from mlops import settings
    from mlops.evidence.cards import model, render

    project, platform = open_platform()
    seen = model.facts(ref, platform, settings.load(project / "mlops.yaml"), date.today())
    name = f"{seen['model'].name}-{seen['model'].version}"
    print(*render.write("model", seen, to or project / ".mlops" / "reports" / f"{name}.md"), sep="\n")
