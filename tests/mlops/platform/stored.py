"""Files for the store of data, and what may happen to them there."""

from collections.abc import Callable
from pathlib import Path

MIB = 2**20


def table(place: Path, content: str = "a\n1\n") -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return place


def parts(folder: Path, *contents: str) -> Path:
    for number, content in enumerate(contents):
        table(folder / "deep" / f"{number}.csv", content)
    return folder


def link(place: Path) -> Path:
    place.symlink_to(table(place.with_name("real.csv")))
    return place


def linked(folder: Path) -> Path:
    link(table(folder / "a.csv").with_name("b.csv"))
    return folder


def written(path: Path, content: str) -> None:
    path.chmod(0o644)
    path.write_text(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (lambda place: written(place / "content" / "deep" / "0.csv", "x"), "0.csv of rows:1 is damaged"),
    "missing": (lambda place: (place / "content" / "deep" / "1.csv").unlink(), "1.csv of rows:1 is missing"),
    "foreign": (lambda place: table(place / "content" / "more.csv"), "more.csv does not belong to rows:1. Remove it."),
    "list": (lambda place: written(place / "files.json", "{"), "files.json is damaged"),
}


def sparse(place: Path, mib: int) -> Path:
    with place.open("wb") as stream:
        stream.truncate(mib * MIB)
    return place
