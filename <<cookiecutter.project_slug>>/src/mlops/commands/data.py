"""`mlops data`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlops.commands.common import AsJson, Card, On, Opened, Ref, group, open_platform
from mlops.platform.base import DataVersion, Platform
from mlops.words import counted, shown

if TYPE_CHECKING:
    from mlops.contract.profile import ColumnProfile, Profile

app = group("Keep data in versions, show and compare them.")
Name = Annotated[str, typer.Argument(help="The name of the source, as in `data` of mlops.yaml.")]
Source = Annotated[Path, typer.Argument(help="A file or a folder.")]
Why = Annotated[str, typer.Option("-m", "--message", help="Why; kept with the version.")]
To = Annotated[Path, typer.Argument(help="The file or folder to write.")]
Some = Annotated[str | None, typer.Argument(help="A version; else the whole store.")]
Side = Annotated[str, typer.Argument(help="As for `show`, or the path of a table.")]


@app.command()
def add(name: Name, path: Source, message: Why = "", on: On = "local", as_json: AsJson = False) -> None:
    """Keep a file or folder as the next version; the same bytes keep the version they have."""
    from mlops import show

    show.console.stderr = as_json
    here = open_platform(on)
    before = here.platform.data.list()
    with show.console.status(f"copying {path}"):
        version = here.platform.data.add(name, path, here.settings.about.get(name, {}), message)
    profile = _profile(here, version, path)
    rows = f"{counted(profile.rows, 'row')}, " if profile else ""
    show.console.print(f"[bold]{version.reference}[/], {rows}{_size(version)}, digest {version.digest[:12]}")
    if version in before:
        show.console.print(f"It is the same as version {version.version}, kept since {version.added[:10]}.")
    if as_json:
        show.record(_plain(here.platform, version)[0])


@app.command("list")
def list_(on: On = "local", as_json: AsJson = False) -> None:
    """All versions of all data, by name and number."""
    from mlops import show

    platform = open_platform(on)[1]
    versions = platform.data.list()
    found = _plain(platform, *versions)
    if as_json:
        return show.record(found)
    if not found:
        return show.console.print("No data is kept yet: `mlops data add NAME PATH` keeps some, and so does a run.")
    heads = ("data", "digest", "size", "classification", "keep until", "runs", "models", "why")
    short = ({"digest": it["digest"][:12], "runs": len(it["runs"]), "models": it["models"]} for it in found)
    facts = (_facts(version) | each for version, each in zip(versions, short, strict=True))
    show.table(heads, ([each.get(head) for head in heads] for each in facts))


@app.command()
def show(ref: Ref, on: On = "local", as_json: AsJson = False) -> None:
    """Where a version comes from, what is in it, the runs that read it and the models made from it."""
    from mlops import show

    here = open_platform(on)
    version = here.platform.data.get(ref)
    [plain], profile = _plain(here.platform, version), _profile(here, version)
    if as_json:
        return show.record(plain | {"profile": profile and profile.plain()})
    show.facts(_facts(version) | {name: "\n".join(plain[name]) or "none" for name in ("runs", "models")})
    if profile:
        show.console.print(f"\n{counted(profile.rows, 'row')}")
        rows = (
            (name, each.dtype, f"{each.nulls:,}", _range(each), ", ".join(each.examples))
            for name, each in profile.columns.items()
        )
        show.table(("column", "type", "nulls", "range", "most frequent"), rows)


@app.command()
def sheet(ref: Ref, to: Card = None, on: On = "local") -> None:
    """Write the data sheet of a version: where it is from, what is in it, what is missing. Prints where it is."""
    from mlops.evidence.cards import data, render

    here = open_platform(on)
    seen = data.facts(ref, here.platform, here.package.contract.SOURCES, date.today())
    name = seen["version"].reference.replace(":", "-")
    print(*render.write("data", seen, to or here.project / ".mlops" / "reports" / f"{name}.md"), sep="\n")


@app.command()
def fetch(ref: Ref, to: To, on: On = "local") -> None:
    """Copy a version; what is at that place is replaced only if the store has it too."""
    open_platform(on)[1].data.fetch(ref, to)
    typer.echo(f"{to} is {ref}")


@app.command()
def verify(ref: Some = None, on: On = "local") -> None:
    """Read everything again, and name each file that is damaged, missing or foreign."""
    data = open_platform(on)[1].data
    faults = data.verify(ref)
    typer.echo("\n".join(faults) or f"{ref or counted(len(data.list()), 'version')}: nothing is damaged or missing")
    if faults:
        raise typer.Exit(1)


@app.command()
def diff(a: Side, b: Side, on: On = "local", as_json: AsJson = False) -> None:
    """What moved from one table to another: columns, rows, nulls, ranges, distributions; the most first."""
    from mlops import show
    from mlops.contract.moved import moved
    from mlops.evidence import profiles

    here = open_platform(on)
    moves = moved(*profiles.of_both(a, b, here.platform.data, here.package.contract.SOURCES))
    if as_json:
        return show.record(moves)
    rows = ((move.column or "the table", f"{move.distance:.3f}", "; ".join(move.what)) for move in moves)
    show.table(("column", "distance", "what moved"), rows) if moves else show.console.print("Nothing moved.")


def _profile(here: Opened, version: DataVersion, same: Path | None = None) -> "Profile | None":
    """The profile of a version; what is wrong with the table or its contract is said and stops nothing."""
    from mlops.evidence import profiles

    try:
        return profiles.of_version(version.reference, here.platform.data, here.package.contract.SOURCES, same)
    except Exception as error:
        typer.echo(f"{version.reference} is kept, but has no profile: {error}", err=True)
        return None


def _plain(platform: Platform, *versions: DataVersion) -> list[dict[str, Any]]:
    """Each version, the runs that read its bytes and the models made from them."""
    runs = {record["run"]: record.get("data", {}) for record in platform.jobs.list()[0]}
    models = {f"{each.name}:{each.version}": each.lineage.get("data", {}) for each in platform.models.list()}

    def readers(known: dict[str, Any], digest: str) -> list[str]:
        return [name for name, data in known.items() if any(entry["digest"] == digest for entry in data.values())]

    return [vars(it) | {"runs": readers(runs, it.digest), "models": readers(models, it.digest)} for it in versions]


def _range(column: "ColumnProfile") -> str:
    known = column.dtype == "number" and column.low is not None
    return f"{shown(column.low)} to {shown(column.high)}" if known else ""


def _size(version: DataVersion) -> str:
    return f"{version.bytes:,} bytes" + (f" in {version.files:,} files" if version.files > 1 else "")


def _facts(version: DataVersion) -> dict[str, str]:
    """A version as people read it; what `mlops.yaml` said of its source is among it."""
    about = {"classification": "", "keep_until": "", **version.about}
    past = " (past)" if "" < about["keep_until"] < date.today().isoformat() else ""
    return {
        "data": version.reference,
        "digest": version.digest,
        "size": _size(version),
        "added": f"{version.added[:16].replace('T', ' ')} UTC",
        "why": version.message,
        **{name.replace("_", " "): text for name, text in about.items()},
        "keep until": f"{about['keep_until']}{past}",
    }
