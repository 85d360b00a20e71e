"""`mlops models`."""

from typing import Annotated, Any

import typer

from mlops.commands.common import AsJson, Run, group, open_platform

app = group("Register, list and show models.")


@app.command()
def register(run: Run) -> None:
    """Register the model that a run trained, if every verdict on it stands."""
    from mlops import settings
    from mlops.evidence import register
    from mlops.show import console

    project, platform = open_platform()
    name = settings.load(project / "mlops.yaml").model.name
    model = register.register(platform.jobs.find(run), name, platform.jobs, platform.models)
    console.print(f"registered [bold]{model.name}:{model.version}[/], digest {model.digest[:12]}")
    if model.lineage["code"]["dirty"]:
        console.print("Its code is not committed: a copy is kept with the run. Commit it before others build on it.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The registered models, newest last."""
    from mlops import show
    from mlops.stats import Interval

    found = open_platform()[1].models.list()
    if as_json:
        return show.record(found)
    if not found:
        first = "`mlops run azureml/pipelines/train.yml --register` makes the first."
        return show.console.print(f"No model is registered yet: {first}")
    show.table(
        ("model", "digest", "run", "outcome"),
        (
            (
                f"{each.name}:{each.version}",
                each.digest[:12],
                each.lineage["run"][:8],
                Interval.of(each.lineage["outcome"]),
            )
            for each in found
        ),
    )


@app.command()
def show(ref: Annotated[str, typer.Argument(help="`name:3` or `name@DIGEST12`.")], as_json: AsJson = False) -> None:
    """Where a model comes from and what was measured."""
    from mlops import show
    from mlops.gates.base import read_verdicts, tally
    from mlops.stats import Interval

    found = open_platform()[1].models.get(ref)
    if as_json:
        return show.record(found)
    lineage, code = found.lineage, found.lineage["code"]
    changes = ", with changes that are not committed" if code["dirty"] else ""
    show.facts(
        (
            ("model", f"{found.name}:{found.version}"),
            ("digest", found.digest),
            ("run", lineage["run"]),
            ("reason", lineage["reason"]),
            ("code", f"{code['digest'][:12]}, commit {(code['commit'] or 'none')[:12]}{changes}"),
            ("data", "\n".join(f"{name} {_bytes(entry)}" for name, entry in lineage["data"].items())),
            ("environment", f"{lineage['environment']['digest'][:12]}, Python {lineage['environment']['python']}"),
            ("parameters", ", ".join(f"{name}={value}" for name, value in lineage["parameters"].items())),
            *([("chosen", lineage["choice"]["why"])] if lineage.get("choice") else []),
            ("outcome", Interval.of(lineage["outcome"])),
            ("metrics", "\n".join(f"{name} {Interval.of(each)}" for name, each in lineage["metrics"].items())),
            ("verdicts", tally(read_verdicts(lineage))),
        )
    )


def _bytes(entry: dict[str, Any]) -> str:
    """The digest of data, and the version of the store that has it."""
    version = entry.get("version")
    return entry["digest"][:12] + (f" ({version})" if version else "")
