"""Runs a pipeline with our local runner, in the interpreter of its environment; what happens goes out as JSON lines."""

import json
import os
import sys
from pathlib import Path

from mlops.platform import open as open_platform
from mlops.platform.base import Submission
from mlops.specs.bind import bind


def main(file: str, processors: str) -> None:
    """In the current folder, on so many processors."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(processors)])
    jobs = open_platform("local", Path.cwd()).jobs
    run = jobs.submit(Submission(bind(Path(file)), fresh=True))
    for event in jobs.follow(run):
        if event.node:
            entry = jobs.describe(run)["nodes"].get(event.node, {})
            log = Path(".mlops", "runs", run, "logs", f"{event.node}.txt")
            outputs = {name: f".mlops/{each['path']}" for name, each in entry.get("outputs", {}).items()}
            said = {"node": event.node, "state": event.state, "log": str(log), "outputs": outputs}
            print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
