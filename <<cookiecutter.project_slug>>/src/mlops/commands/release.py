"""`mlops release`."""

from typing import Annotated

import typer

from mlops.commands.common import AsJson, Environment, Ref, group, open_platform

app = group("Sign for a model, and verify that it may be released.")


@app.command()
def sign(
    ref: Ref,
    role: Annotated[str, typer.Option("--role", help="As whom: `owner`, `approver`, or a role of `people.signs`.")],
    environment: Annotated[Environment, typer.Option("--for", help="Where it may be released then.")],
) -> None:
    """Say that you looked at a model and stand for it, in a role that mlops.yaml gives you."""
    from mlops import settings
    from mlops.evidence import sign
    from mlops.show import console

    project, platform = open_platform()
    who = sign.sign_off(ref, role, environment, platform, project, settings.load(project / "mlops.yaml"))
    console.print(f"{who} signed for {ref} as {role}, for {environment}")


@app.command()
def verify(
    ref: Ref,
    on: Annotated[Environment, typer.Option("--on", help="Where it is to be released.")] = "local",
    as_json: AsJson = False,
) -> None:
    """Check everything that is signed about a model, and whether it may be released; exits with 1 if not."""
    import tempfile
    from datetime import date
    from pathlib import Path

    from rich.text import Text

    from mlops import settings, show
    from mlops.evidence.verify import verify

    project, platform = open_platform()
    known = settings.load(project / "mlops.yaml")
    with tempfile.TemporaryDirectory() as scratch:
        found = verify(ref, on, platform, project, known, date.today(), Path(scratch))
    if as_json:
        show.record(found)
    for each in () if as_json else found:
        mark, style = ("✓", "green") if each.passed else ("~", "yellow") if each.waiver else ("✗", "red")
        name = each.subject if each.gate == "evidence" else each.gate
        waived = f" Waived: {each.waiver}" if each.waiver else ""
        show.console.print(Text(f"{mark} {name}: {each.why} {each.next_step}".rstrip() + waived, style), soft_wrap=True)
    if not all(each.stands for each in found):
        raise typer.Exit(1)
