"""Generating a project against bare cookiecutter on the same tree, without our hooks."""

import shutil
import sys
import tempfile
from pathlib import Path

from measure import ROOT, in_turn, machine, once, ratio, report

RUNS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bare = folder / "bare"
        ignore = shutil.ignore_patterns(".git", ".venv", ".cache", "demo", "__pycache__", ".mlops")
        shutil.copytree(ROOT, bare, ignore=ignore)
        shutil.rmtree(bare / "hooks")

        def generate(template: Path) -> float:
            target = folder / "out"
            shutil.rmtree(target, ignore_errors=True)
            command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(target), str(template)]
            return once(command, folder)

        timed = in_turn(RUNS, ours=lambda: generate(ROOT), bare=lambda: generate(bare))
    print(machine("cookiecutter"))
    report(
        "Generation",
        [
            ("ours, with hooks and first commit", timed["ours"].median, "s", ""),
            ("bare cookiecutter, same tree", timed["bare"].median, "s", ""),
            ("ratio", ratio(timed["ours"], timed["bare"]), "×", "at most 2"),
        ],
    )


if __name__ == "__main__":
    main()
