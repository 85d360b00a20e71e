"""`mlops models`."""

from datetime import date

import typer

from mlops.commands.common import AsJson, Card, ModelRef, On, Run, group, open_platform
from mlops.words import short

app = group("Register, list, show and share models.")


@app.command()
def register(run: Run, on: On = "local") -> None:
    """Register the model that a run trained, if every verdict on it stands."""
    from mlops.evidence import register
    from mlops.show import console

    project, platform = open_platform(on)
    found = platform.jobs.find(run)
    model = register.register(found, platform, project, on)
    console.print(f"registered [bold]{model.name}:{model.version}[/], digest {model.digest[:12]}")
    if (first := model.lineage["run"]) != found:
        console.print(f"The same bytes as version {model.version}, registered from run {short(first)}.")
    if platform.jobs.describe(found)["code"]["dirty"]:
        console.print("Its code is not committed: a copy is kept with the run. Commit it before others build on it.")


@app.command("list")
def list_(on: On = "local", as_json: AsJson = False) -> None:
    """The registered models, newest last, each with the run of its newest statement, and which is in service."""
    from mlops import show
    from mlops.evidence import build, entries

    here = open_platform(on)
    signed, _ = here.signed
    found = [build.current(each, signed) for each in here.platform.models.list()]
    if as_json:
        return show.record(found)
    if not found:
        first = "`mlops run azureml/pipelines/train.yml --register` makes the first."
        return show.console.print(f"No model is registered yet: {first}")
    champion = entries.last(entries.lasting(signed, here.platform), "champion", on)
    rows = (
        (f"{it.name}:{it.version}", it.digest[:12], short(says["run"]), says["evaluation"]["outcome"], mark)
        for it in found
        for says, mark in [(it.lineage, "in service" if champion and it.digest in champion.subjects.values() else "")]
    )
    show.table(("model", "digest", "run", "outcome", f"on {on}"), rows)


@app.command()
def show(ref: ModelRef, on: On = "local", as_json: AsJson = False) -> None:
    """Where a model comes from, what was measured, what is waived, and who signed since."""
    from mlops import show
    from mlops.commands.origin import origin
    from mlops.evidence import build, entries
    from mlops.gates.base import read_verdicts

    here = open_platform(on)
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
def card(ref: ModelRef, to: Card = None, on: On = "local") -> None:
    """Write the model card out of what was signed about a model; prints where it is."""
    from mlops.evidence.cards import model, render

    here = open_platform(on)
    seen = model.facts(ref, here.platform, here.settings, date.today())
    name = f"{seen['model'].name}-{seen['model'].version}"
    print(*render.write("model", seen, to or here.project / ".mlops" / "reports" / f"{name}.md"), sep="\n")


@app.command()
def share(ref: ModelRef, on: On = "dev") -> None:
    """Copy a model, and the image that serves it, to the organisation's registry, where other environments find it."""
    from mlops.show import console

    model = open_platform(on).platform.models.share(ref)
    console.print(f"[bold]{model.name}:{model.version}[/] is in the registry, digest {model.digest[:12]}")
