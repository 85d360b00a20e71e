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
    found = platform.jobs.find(run)
    model = register.register(found, platform, project)
    console.print(f"registered [bold]{model.name}:{model.version}[/], digest {model.digest[:12]}")
    if (first := model.lineage["run"]) != found:
        console.print(f"The same bytes as version {model.version}, registered from run {first[:8]}.")
    if platform.jobs.describe(found)["code"]["dirty"]:
        console.print("Its code is not committed: a copy is kept with the run. Commit it before others build on it.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The registered models, newest last, each with the run of its newest statement."""
    from mlops import show
    from mlops.evidence import build

    here = open_platform()
    signed, _ = here.signed
    found = [build.current(each, signed) for each in here.platform.models.list()]
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
    from mlops import show
    from mlops.commands.origin import origin
    from mlops.evidence import build, entries
    from mlops.gates.base import read_verdicts

    here = open_platform()
    found, (signed, faults) = here.platform.models.get(ref), here.signed
    for sentence in faults:
        typer.echo(sentence, err=True)
    runs, found = build.runs(found, signed), build.current(found, signed)
    says = found.lineage
    stands, said = entries.standing(signed), entries.said_of(says["system"], signed)
    if as_json:
        return show.record({**vars(found), "runs": runs, "standing": stands, "signed": said})
    measured, verdicts = says["evaluation"], read_verdicts(says)
    waived = [f"{each.waiver}: {each.why}" for each in verdicts if not each.passed]
    judged = {"metrics": {"outcome": measured["outcome"], **measured["metrics"]}, "verdicts": verdicts}
    others = " and ".join(run for run in runs if run != says["run"])
    handles = {"model": f"{found.name}:{found.version}", "digest": found.digest, "standing": stands}
    handles |= {"run": says["run"], "same bytes": others and f"registered from run {others} too"}
    handles |= {"reason": says["reason"], "chosen": (says.get("choice") or {}).get("why")}
    show.facts({**handles, **origin({**says, **judged}), "waived": "\n".join(waived), "signed": "\n".join(said)})


@app.command()
def card(ref: Ref, to: Card = None) -> None:
    """Write the model card out of what was signed about a model; prints where it is."""
    from mlops.evidence.cards import model, render

    here = open_platform()
    seen = model.facts(ref, here.platform, here.settings, date.today())
    name = f"{seen['model'].name}-{seen['model'].version}"
    print(*render.write("model", seen, to or here.project / ".mlops" / "reports" / f"{name}.md"), sep="\n")
