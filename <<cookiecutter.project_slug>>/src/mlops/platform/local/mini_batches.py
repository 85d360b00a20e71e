"""The mini batches of a parallel node, as a program that its own Python runs: it imports nothing of the machinery.

`mini_batches.py PLAN` hands mini batches to processes that call the functions of the entry script, tries again what
fails or hangs, and joins what they return in the order of the mini batches. Its exit says why it failed.
"""

import importlib
import inspect
import json
import math
import os
import pickle
import signal
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

NO_HEADER = ("no_header", "false")
"""`header:` of `read_delimited` where the first line is data; every other word says that it has the names."""
LOADED = SimpleNamespace()
"""Of a process that works: its entry `script` as a module."""


class Worker:
    """A process that has called `init()`; another one takes the mini batch after one that hung or broke it."""

    def __init__(self, file):
        self.pool = ProcessPoolExecutor(1, get_context("spawn"), begin, (file,))
        try:
            self.process = self.pool.submit(os.getpid).result()
        except BrokenProcessPool:
            raise RuntimeError("the entry script could not be loaded, or its init() failed: see above") from None

    def run(self, function, timeout, *arguments):
        """How many rows a mini batch gave, or why it gave none; and whether the process can go on."""
        try:
            return self.pool.submit(function, *arguments).result(timeout), True
        except TimeoutError:
            return f"it took over {timeout:g} s", False
        except BrokenProcessPool:
            return "its process ended", False

    def kill(self):
        """End the process and what it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process, signal.SIGKILL)
        self.pool.shutdown()


def main(file):
    """Carry out a plan; returns why it failed."""
    plan = json.loads(Path(file).read_text())
    folder = Path(file).parent
    tasks = list(of_rows(plan, folder)) if plan["tasks"] is None else plan["tasks"]
    tasks = [task | {"result": str(folder / f"{task['index']}.result")} for task in tasks]
    if not tasks:
        return "there is no mini batch: the data has no rows. Check the input that is split."
    idle, items, batches, broken = SimpleQueue(), 0, 0, 0
    for _ in range(plan["workers"]):
        idle.put(None)
    with ThreadPoolExecutor(plan["workers"]) as pool:
        try:
            for task, result in zip(tasks, pool.map(lambda task: attend(file, plan, task, idle), tasks), strict=True):
                lost = missing(task, result)
                items, batches, broken = items + lost, batches + (lost > 0), broken + isinstance(result, str)
                for name, seen in (("error_threshold", items), ("mini_batch_error_threshold", batches)):
                    if 0 <= plan[name] < seen:
                        return f"{seen} failed, which is over `{name}: {plan[name]}`. The reasons are above."
        except RuntimeError as error:
            return str(error)
        finally:
            pool.shutdown(cancel_futures=True)
    while not idle.empty():
        if worker := idle.get():
            worker.run(finish, plan["timeout"])
            worker.kill()
    print(f"{len(tasks)} mini batches, {batches} failed; {items} items failed", flush=True)
    if broken == len(tasks):
        return "every mini batch failed. The reasons are above."
    if plan["append_row_to"]:
        join(tasks, Path(plan["append_row_to"]))
    return None


def missing(task, result):
    """How many items have no result. A mini batch that was made by keys may return nothing."""
    if isinstance(result, str):
        return task["items"]
    return 0 if task["keys"] else max(0, task["items"] - result)


def attend(file, plan, task, idle):
    """Let an idle worker try a mini batch until it succeeds; returns how many rows it gave, or why it gave none."""
    worker = idle.get()
    try:
        for attempt in range(1 + plan["retries"]):
            worker = worker or Worker(file)
            result, goes_on = worker.run(work, plan["timeout"], task)
            worker = worker if goes_on else worker.kill()
            if isinstance(result, int):
                break
            print(f"mini batch {task['index']} failed at try {attempt + 1}: {result}", flush=True)
        return result
    finally:
        idle.put(worker)


def join(tasks, to):
    with (to / "parallel_run_step.txt" if to.is_dir() else to).open("wb") as joined:
        for part in (Path(task["result"]) for task in tasks):
            joined.write(part.read_bytes() if part.exists() else b"")


def of_rows(plan, folder):
    """Cut tables into files of rows: by the values of key columns, or each file into parts of some bytes."""
    import pandas

    keys, tables = plan["partition_keys"], ((file, read(file, plan)) for file in plan["files"])

    def parts():
        if keys:
            for _, part in pandas.concat([rows for _, rows in tables], ignore_index=True).groupby(keys, dropna=False):
                yield part[keys].head(1).to_dict("records")[0], part
            return
        for file, rows in tables:
            size = os.path.getsize(file)
            step = math.ceil(len(rows) / math.ceil(size / (plan["batch_bytes"] or size)))
            for start in range(0, len(rows), max(step, 1)):
                yield {}, rows[start : start + step]

    for index, (own, part) in enumerate(parts()):
        part.reset_index(drop=True).to_pickle(folder / f"{index}.rows")
        yield {"index": index, "rows": str(folder / f"{index}.rows"), "keys": own, "items": 1 if keys else len(part)}


def read(file, plan):
    """The rows of a file, after what the steps of an MLTable do one after another."""
    import pandas

    rows = pandas.DataFrame()
    for name, said in plan["steps"]:
        if name == "read_delimited":
            header = None if str(said.get("header")).lower() in NO_HEADER else "infer"
            rows = pandas.read_csv(file, sep=said.get("delimiter", ","), header=header).assign(**plan["files"][file])
        elif name == "read_parquet":
            rows = pandas.read_parquet(file).assign(**plan["files"][file])
        elif name == "drop_columns":
            rows = rows.drop(columns=said["columns"], errors="ignore")
        elif name == "keep_columns":
            rows = rows[said["columns"]]
        if said.get("include_path_column"):
            rows = rows.assign(Path=file)
    return rows


def begin(file):
    """Load the entry script and call its `init()`, in a process group of its own."""
    os.setpgid(0, 0)
    plan = json.loads(Path(file).read_text())
    path = Path(plan["entry_script"]).absolute()
    sys.argv = [plan["entry_script"], *plan["arguments"]]
    sys.path.insert(0, str(path.parent))
    LOADED.script = importlib.import_module(path.stem)
    getattr(LOADED.script, "init", lambda: None)()


def work(task):
    """Call `run()` of the entry script for a mini batch; returns how many rows it gave, or why it gave none."""
    try:
        run = LOADED.script.run
        return write(run(*arguments(run, task)), Path(task["result"]))
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"


def finish():
    getattr(LOADED.script, "shutdown", lambda: None)()


def arguments(run, task):
    """A list of paths or a DataFrame and, for a function that takes two, what is known of the mini batch."""
    batch = pickle.loads(Path(task["rows"]).read_bytes()) if "rows" in task else task["paths"]
    context = SimpleNamespace(minibatch_index=task["index"], partition_key_value=task["keys"])
    return (batch, context)[: max(1, len(inspect.signature(run).parameters))]


def write(returned, to):
    """Store what `run` returned, a line for each element or row (values separated by a space); returns how many."""
    if not hasattr(returned, "__len__") or isinstance(returned, str | bytes | dict):
        raise TypeError(f"run() returned {type(returned).__name__}: let it return a list or a DataFrame")
    if hasattr(returned, "columns"):
        returned.to_csv(to, sep=" ", header=False, index=False)
    else:
        to.write_text("".join(f"{element}\n" for element in returned), encoding="utf-8")
    return len(returned)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
