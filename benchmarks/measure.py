"""Commands timed in turn, so that a machine that slows down slows both sides, and the ratio of each pair."""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # of both sides


@dataclass(frozen=True)
class Timing:
    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def once(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> float:
    """Wall seconds of a command; it must succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


@dataclass(frozen=True)
class Measured:
    """A command that ended well: wall seconds, peak resident memory in MB of it and what it waited for, its output."""

    seconds: float
    megabytes: float
    output: str


def measured(command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Like `once`, with memory. The system counts what this process holds at the start too: import nothing large."""
    with tempfile.TemporaryFile("w+") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})}, stdout=stream, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        stream.seek(0)
        output = stream.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{output[-2000:]}")
    return Measured(seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), output)


def in_turn(runs: int, **sides: Callable[[], float]) -> dict[str, Timing]:
    """Each side once per round, `runs` rounds."""
    rounds = [{name: side() for name, side in sides.items()} for _ in range(runs)]
    return {name: Timing(name, tuple(each[name] for each in rounds)) for name in sides}


def ratio(ours: Timing, other: Timing) -> float:
    """Median of the ratios of the pairs."""
    return statistics.median(a / b for a, b in zip(ours.seconds, other.seconds, strict=True))


def report(title: str, lines: Sequence[tuple[str, float, str, str]]) -> None:
    """Print a table of (what, figure, unit, bound)."""
    print(f"\n{title}")
    for what, figure, unit, bound in lines:
        print(f"  {what:<64} {figure:8.2f} {unit:<4} {bound}")


def machine(*packages: str) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    names = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}; {names}"
