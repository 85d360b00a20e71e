"""What tests see, written down beside the emulator: the calls that the adapters make, and what is said when they fail.

A row names a test. Any test fails that sees what no row has, or does not see what a row says that it does: so each row
is proven wherever its test runs, alone or beside others. `python -m tests.mlops.platform.azure.tables [tests]` runs
these tests (without any: all) and writes anew what they see.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
Row = tuple[str, ...]


class Table(NamedTuple):
    file: Path
    about: str
    heads: Row

    def read(self) -> dict[Row, str]:
        """The test of each row."""
        text = self.file.read_text() if self.file.exists() else ""
        lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
        cells = [tuple(line.strip("| ").split(" | ")) for line in lines]
        return {row[:-1]: row[-1] for row in cells}

    def write(self, rows: dict[Row, str]) -> None:
        heads = *self.heads, "test"
        lines = [f"| {' | '.join(cells)} |" for cells in (heads, *sorted((*row, test) for row, test in rows.items()))]
        lines.insert(1, "|" + "---|" * len(heads))
        self.file.write_text("\n".join((self.about, "", *lines, "")))


BESIDE = Path(__file__).parents[3] / "emulator"
WRITTEN = "Written by `python -m tests.mlops.platform.azure.tables` from what tests see; one that sees otherwise fails."
MAKERS = "`made by` is a module of `mlops/platform/azure/`, or the official client for it."
VARYING = "`…` stands for what differs from run to run."
CALLS = Table(
    BESIDE / "calls.md",
    f"# Calls that the adapters make\n\n{WRITTEN}\n{MAKERS}",
    ("made by", "method", "route", "API version"),
)
FAILURES = Table(
    BESIDE / "failures.md",
    f"# Failures, and what is said\n\n{WRITTEN}\n{VARYING}",
    ("failure", "exit status", "sentence"),
)


def main(*tests: str) -> int:
    """Run tests and write what they saw. Rows of tests that did not run stay."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(tests or [str(HERE)])]
        status = subprocess.run(command, env={**os.environ, "TABLES": folder}).returncode
        notes = [json.loads(line) for file in Path(folder).glob("*.json") for line in file.read_text().splitlines()]
    for table in (CALLS, FAILURES):
        own = sorted((late, "[" in test, test, seen) for name, late, test, seen in notes if name == table.file.name)
        ran = {test for *_, test, _ in own}
        rows = {row: test for row, test in table.read().items() if test not in ran} if tests else {}
        for *_, test, seen in own:
            for row in map(tuple, seen):
                rows.setdefault(row, test)
        table.write(rows)
    return status


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
