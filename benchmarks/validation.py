"""Validating 5 million rows against the reference contract, beside pandera on polars; all data gates on a million."""

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from measure import ROOT, Timing, machine, measured, once, ratio, report
from pipelines import generate

ROWS, GATED, RUNS = 5_000_000, 1_000_000, 3
UV = ROOT / ".venv" / "bin" / "uv"

TABLES = """
import json, sys
from dataclasses import asdict
from pathlib import Path
import polars as pl
from income_support_triage.contract import SOURCES
from mlops.contract.synthetic import poisoned, rows
folder, count, gated = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
contract = SOURCES["applications"]
(folder / "contract.json").write_text(json.dumps([asdict(column) for column in contract]))
part = rows(contract, 50_000)
table = pl.concat([part.lazy()] * (count // len(part)))
number = pl.int_range(pl.len()).cast(pl.String).str.zfill(9)
named = table.with_columns(application_id="application-" + number)
named.sink_parquet(folder / "good.parquet")
named.head(gated).sink_parquet(folder / "gated.parquet")
for place, poison in enumerate(poisoned(contract)):
    if poison.check in ("missing", "unexpected", "type", "nulls", "finite", "range", "categories", "unique"):
        poison.frame.write_parquet(folder / f"bad-{place}.parquet")
"""

OURS = """
import sys, time
from pathlib import Path
from income_support_triage.contract import SOURCES
from mlops.contract.read import scan
from mlops.contract.validate import violations

def refused(path):
    return bool(violations(scan(path), SOURCES["applications"]))
"""

PANDERA = """
import json, sys, time
from pathlib import Path
import pandera.polars as pa
import polars as pl

columns = json.loads(Path(sys.argv[1], "contract.json").read_text())
types = pl.scan_parquet(Path(sys.argv[1], "good.parquet")).collect_schema()

def expected(column):
    checks = [pa.Check.in_range(*column["range"])] if column["range"] else []
    if column["categories"] and column["unseen"] == "refuse":
        checks.append(pa.Check.isin(column["categories"]))
    return pa.Column(types[column["name"]], checks, nullable=column["nullable"], unique=column["role"] == "id")

schema = pa.DataFrameSchema({column["name"]: expected(column) for column in columns}, strict=True)

def refused(path):
    try:
        schema.validate(pl.read_parquet(path), lazy=True)
    except pa.errors.SchemaErrors:
        return True
    return False
"""

TIMED = """
folder = Path(sys.argv[1])
start = time.perf_counter()
assert not refused(folder / "good.parquet"), "the valid table is refused"
print(time.perf_counter() - start)
"""

GATES = """
import sys, time
from pathlib import Path
from mlops import settings
from mlops.gates.base import Context
from mlops.gates.run import judge
from mlops.steps.package import package

known = settings.load(settings.find(Path(settings.__file__)))
model = package(known)
sources = {"applications": Path(sys.argv[1], "gated.parquet")}
start = time.perf_counter()
verdicts = judge("data", Context(known, model.contract.SOURCES, model.contract.ROW, model, sources))
print(time.perf_counter() - start)
assert all(verdict.passed for verdict in verdicts), [each.why for each in verdicts if not each.passed]
"""

STRICT = """
passed = [path.name for path in Path(sys.argv[1]).glob("bad-*.parquet") if not refused(path)]
assert not passed, f"not refused: {passed}"
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        project = generate(folder)
        src = {"PYTHONPATH": str(project / "src")}
        theirs = environment(folder / "pandera")
        once([sys.executable, "-c", TABLES, scratch, str(ROWS), str(GATED)], folder, src)
        sides = {"ours": (sys.executable, OURS, src), "pandera": (theirs, PANDERA, {})}
        for python, script, env in sides.values():
            once([python, "-c", script + STRICT, scratch], folder, env)
        rounds = [
            {
                name: measured([python, "-c", script + TIMED, scratch], folder, env)
                for name, (python, script, env) in sides.items()
            }
            for _ in range(RUNS)
        ]
        gates = [measured([sys.executable, "-c", GATES, scratch], folder, src) for _ in range(RUNS)]
        size = (folder / "good.parquet").stat().st_size / 2**20
        pandera = measured([theirs, "-c", "from importlib.metadata import version; print(version('pandera'))"], folder)
    timed = {name: Timing(name, tuple(float(each[name].output) for each in rounds)) for name in sides}
    print(f"{machine('polars')}; pandera {pandera.output.strip()}")
    report(
        f"Validation of {ROWS:,} rows, {size:,.0f} MB of Parquet; reading included, imports not",
        [
            ("ours", timed["ours"].median, "s", ""),
            ("pandera on polars, the same checks", timed["pandera"].median, "s", ""),
            ("ratio", ratio(timed["ours"], timed["pandera"]), "×", "at most 0.5"),
            ("peak memory, ours", max(each["ours"].megabytes for each in rounds), "MB", "at most 600"),
            ("peak memory, pandera", max(each["pandera"].megabytes for each in rounds), "MB", ""),
        ],
    )
    report(
        f"All data gates on {GATED:,} rows; reading included",
        [
            ("ours", Timing("gates", tuple(float(each.output) for each in gates)).median, "s", "at most 10"),
            ("peak memory, ours", max(each.megabytes for each in gates), "MB", "at most 1,000"),
        ],
    )


def environment(folder: Path) -> str:
    """A Python that has pandera beside our polars and numpy. It is in no lock: nothing of ours needs it."""
    once([str(UV), "venv", "--python", sys.executable, str(folder)], folder.parent)
    python = str(folder / "bin" / "python")
    same = [f"{name}=={version(name)}" for name in ("polars", "numpy")]
    once([str(UV), "pip", "install", "--python", python, "pandera[polars]", *same], folder.parent)
    return python


if __name__ == "__main__":
    main()
