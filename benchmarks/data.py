"""Keeping 1 GB in the data store against `sha256sum` and `cp` of the same file; profiling it, timed apart."""

import shutil
import sys
import tempfile
from pathlib import Path

from measure import in_turn, machine, measured, once, ratio, report
from pipelines import generate

NUMBERS, COLUMNS, RUNS = 135_000_000, 10, 3
"""As many numbers as make a Parquet file of 1 GB."""

TABLE = """
import sys
import numpy as np
import polars as pl
rows, columns, rng = int(sys.argv[2]), int(sys.argv[3]), np.random.default_rng(0)
pl.DataFrame({f"n{number}": rng.lognormal(3, 1, rows) for number in range(columns)}).write_parquet(sys.argv[1])
"""

PROFILE = """
import sys
from pathlib import Path
from mlops.contract.profile import profile
from mlops.contract.read import scan
print(profile(scan(Path(sys.argv[1]))).rows)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        project = generate(folder)
        table = folder / "table.parquet"
        src = {"PYTHONPATH": str(project / "src")}
        once([sys.executable, "-c", TABLE, str(table), str(NUMBERS // COLUMNS), str(COLUMNS)], folder)
        plain = folder / "plain.bin"
        plain.hardlink_to(table)
        peaks: list[float] = []

        def ours() -> float:
            shutil.rmtree(project / ".mlops", ignore_errors=True)
            done = measured([sys.executable, "-m", "mlops", "data", "add", "plain", str(plain)], project, src)
            peaks.append(done.megabytes)
            return done.seconds

        def by_hand() -> float:
            (folder / "copy").unlink(missing_ok=True)
            return once(["sh", "-c", f"sha256sum {plain} && cp {plain} copy"], folder)

        by_hand()
        timed = in_turn(RUNS, ours=ours, by_hand=by_hand)
        profiled = measured([sys.executable, "-c", PROFILE, str(table)], folder, src)
        size = table.stat().st_size
    print(machine("polars"))
    report(
        f"Data, a file of {size / 1e9:.2f} GB",
        [
            ("mlops data add, of a kind that has no profile", timed["ours"].median, "s", ""),
            ("sha256sum and cp", timed["by_hand"].median, "s", ""),
            ("ratio", ratio(timed["ours"], timed["by_hand"]), "×", "at most 1.5"),
            ("peak memory of mlops data add", max(peaks), "MB", "at most 300"),
            (f"profile of its {int(profiled.output):,} rows and {COLUMNS} columns", profiled.seconds, "s", ""),
            ("peak memory of the profile", profiled.megabytes, "MB", "at most 600"),
        ],
    )


if __name__ == "__main__":
    main()
