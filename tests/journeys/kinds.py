"""Turning the reference project into a regression and a three-class one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.support.project import Project

MODELS = Path(__file__).parent / "models"
SETTINGS = {
    "regression": {"go: 900": "go: 30", "floors": "r2: 0.8\n      within_a_tenth: 0.3", "beats": "r2", "today": True},
    "three_class": {
        "go: 900": "go: 40",
        "floors": "accuracy: 0.55\n      likelihood: -1.0",
        "beats": "likelihood",
        "today": False,
    },
}
KINDS = [pytest.param(kind, marks=pytest.mark.xdist_group(kind)) for kind in SETTINGS]
"""For parametrize: the tests of a kind share its trained project."""
SCRIPT = "<script>document.title='taken'</script>"


def rents(rows: int, random: np.random.Generator) -> pl.DataFrame:
    area, district = random.uniform(20, 150, rows), random.integers(0, 4, rows)
    names = np.array(["harbour", "hill", "station", "old town"])
    return pl.DataFrame(
        {
            "flat": [f"F{number}" for number in range(rows)],
            "area": area.round(1),
            "rooms": pl.Series(np.ceil(area / 30)).set(pl.Series(random.random(rows) < 0.1), None),
            "district": names[district],
            "lift": random.random(rows) < 0.4,
            "rent": (200 + 10 * area + 90 * district + random.normal(0, 80, rows)).round(2),
        }
    )


def letters(rows: int, random: np.random.Generator) -> pl.DataFrame:
    reminders, days = random.integers(0, 10, rows), random.uniform(0, 365, rows)
    urgency = 0.5 * reminders - days / 60 + random.logistic(0, 0.6, rows)
    deadline = pl.Series(days.round()).set(pl.Series(random.random(rows) < 0.05), None)
    return pl.DataFrame(
        {
            "letter": [f"L{number}" for number in range(rows)],
            "pages": random.integers(1, 51, rows),
            "reminders": reminders,
            "deadline_days": deadline,
            "channel": random.choice(["post", "mail", "portal"], rows),
            "urgency": np.array(["low", "normal", "high"])[np.digitize(urgency, [-2.0, 0.5])],
        }
    )


DATA: dict[str, Callable[[int, np.random.Generator], pl.DataFrame]] = {"regression": rents, "three_class": letters}


def become(project: Project, kind: str) -> None:
    """Replace the model package with its own tests, the limits in `mlops.yaml`, and the data with its description."""
    shutil.rmtree(project.path / "tests" / "reference")
    package = project.path / "src" / project.package
    shutil.rmtree(package)
    shutil.copytree(MODELS / kind, package, ignore=shutil.ignore_patterns("__pycache__"))
    file = project.path / "mlops.yaml"
    before, gates = file.read_text().split("gates:\n  explanation:\n")
    wanted = SETTINGS[kind]
    after = gates[gates.index("environments:") :]
    limits = f"gates:\n  quality:\n    floors:\n      {wanted['floors']}\n    beats_baselines_on: [{wanted['beats']}]\n"
    limits += f"    beats_today: {str(wanted['today']).lower()}\n    reason: Tried.\n"
    file.write_text(before.replace("go: 900", wanted["go: 900"]) + limits + after)
    table = DATA[kind](4000, np.random.default_rng(3))
    table.write_parquet(project.path / "data" / "applications.parquet")
    described = "\n".join(f"- `{name}`" for name in table.columns)
    (project.path / "data" / "README.md").write_text(f"# Made up\n\n{described}\n")
