"""One page of HTML from facts: everything that it shows is in it."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from os.path import relpath
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mlops.evidence.report.curves import curves, ticks
from mlops.evidence.report.groups import gaps
from mlops.evidence.report.lineage import boxes, graph
from mlops.files import write_text
from mlops.words import counted, short


def write(facts: Mapping[str, Any], to: Path) -> None:
    """Write the page. Raises Failure when the disk refuses."""
    write_text(to, page(facts))


def environment(*folders: Path) -> Environment:
    """Templates of these folders and of the report, and how they write figures and days."""
    loader = FileSystemLoader([*folders, Path(__file__).parent])
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.filters |= {each.__name__: each for each in (figure, plain, counted, day, duration, short, words, worded)}
    return templates


def page(facts: Mapping[str, Any]) -> str:
    """The page from what `facts.collect` gives."""
    templates = environment()
    templates.filters["place"] = partial(place, project=facts["project"])
    evaluation = facts["evaluation"]
    label = evaluation.one("label") if evaluation.rows is not None else None
    seen: dict[str, Any] = {"facts": facts, "figures": evaluation.figures, "ticks": ticks, "curves": {}, "gaps": []}
    seen["graph"] = graph(boxes(facts["record"]))
    if evaluation.figures:
        seen["gaps"] = gaps(evaluation.figures["groups"], facts["limits"])
    if label and evaluation.rows is not None:
        about = evaluation.figures["columns"][label]
        seen["curves"] = curves(about, *evaluation.arrays(evaluation.rows))
    return templates.get_template("report.html.j2").render(seen)


def figure(value: float | None, *beside: float | None) -> str:
    """Rounded for people: three digits of the greatest of the values that stand together."""
    if value is None:
        return "unknown"
    size = max(abs(each) for each in (value, *beside) if each is not None)
    if 0 < size < 1e-5:
        return plain(float(f"{value:.3g}"))
    places = min(6, max(0, 3 - math.ceil(math.log10(size)))) if size else 0
    return f"{round(value, places) + 0.0:,.{places}f}".replace("-", "\N{MINUS SIGN}")


def plain(value: float) -> str:
    """As somebody wrote it, or as an axis shows it."""
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")


def day(text: str) -> str:
    """The day of an ISO time."""
    return f"{datetime.fromisoformat(text):%-d %B %Y}"


def words(name: str) -> str:
    """A name as people say it."""
    return name.replace("_", " ")


def worded(sentence: str) -> str:
    """A sentence with the names in it as people say them; paths, addresses and what is quoted as code stay."""
    return re.sub(r"(?<![\w`./@*-])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w`/@*=-]|\.\w)", lambda name: words(name[0]), sentence)


def place(path: str, project: Path) -> str:
    """Where a file lies in the project; of one outside of it only the name, since a report goes to other people."""
    near = relpath(path, project)
    return Path(near).name if near.startswith("../") else near


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
