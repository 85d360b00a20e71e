"""`python soak.py [MINUTES [REQUESTS A SECOND]]`: a steady load, and what becomes of the server's memory and latency.

One row a request, by the clock, with the log on; without a rate a fifth of what the server bears. Where the longest
answer takes seconds, the machine stood still: what was due meanwhile and not sent did not fail by the server.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from measure import machine, report
from stress import ONLINE, served, stress

from mlops.platform.endpoint import Door
from mlops.release.load import Load

SPAN = 30
"""Seconds between two looks."""


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    looks, random, seen = round(minutes * 60 / SPAN), Random(0), []
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch)) as (door, bodies, process):
        rate = float(sys.argv[2]) if len(sys.argv) > 2 else stress.measured(door, bodies, ONLINE, 10).capacity_rps / 5
        print(machine("uvicorn", "uvloop", "httptools", "msgspec", "onnxruntime", "numpy"))
        print(f"{rate:,.0f} requests a second\n\n{'minute':>8} {'memory MB':>10} {'p95 ms':>8} {'longest':>8} failed")
        time.sleep(1)  # the last lines of the stress get there
        requests, before = round(rate * SPAN), logged(Path(scratch))
        for look in range(1, looks + 1):
            load = asyncio.run(asked(door, bodies, sorted(random.random() * SPAN for _ in range(requests))))
            p95, longest = np.quantile([each * 1000 for each in load.heard if each], (0.95, 1))
            seen.append((resident(process), p95, load.failed.total()))
            kinds = ", ".join(f"{count} {why}" for why, count in load.failed.items()) or "none"
            print(f"{look * SPAN / 60:8.1f} {seen[-1][0]:10.2f} {p95:8.1f} {longest:8.0f} {kinds}", flush=True)
        time.sleep(1)
        missing = requests * looks - (logged(Path(scratch)) - before)
    memory, p95s, errors = map(np.array, zip(*seen, strict=True))
    hours, warm = np.arange(looks) * SPAN / 3600, looks // 10
    lines = [
        ("resident memory at the end", memory[-1], "MB", "at most 130"),
        ("its slope after the first tenth", np.polyfit(hours[warm:], memory[warm:], 1)[0], "MB/h", ""),
        ("p95, median of the looks", float(np.median(p95s)), "ms", ""),
        ("p95, worst look", p95s.max(), "ms", ""),
        ("requests that failed", errors.sum(), "", "0"),
        ("requests that are not in the log", missing, "", "0"),
    ]
    report(f"{minutes:g} minutes, {requests * looks:,} requests", lines)


async def asked(door: Door, bodies: Sequence[bytes], at: Sequence[float]) -> Load:
    load = Load(door, bodies, patience=5)
    await load.by_the_clock(at)
    return load


def logged(folder: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in (folder / "spool" / "predictions").glob("*.jsonl"))


def resident(process: int) -> float:
    said = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(said.split()[1]) / 1024


if __name__ == "__main__":
    main()
