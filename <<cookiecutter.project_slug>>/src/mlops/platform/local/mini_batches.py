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
import threading
import traceback
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

PROCESSES = get_context("spawn")


class Worker:
    """A process that has called `init()`; another one takes the mini batch after one that hung or broke it."""

    def __init__(self, file):
        self.pipe, end = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=work, args=(file, end))
        self.process.start()
        end.close()
        try:
            self.pipe.recv()
        except EOFError:
            self.end(0)
            raise RuntimeError("the entry script could not be loaded, or its init() failed: see above") from None

    def run(self, task, timeout):
        """How many rows a mini batch gave, or why it gave none; and whether the process can go on."""
        try:
            self.pipe.send(task)
            return (self.pipe.recv(), True) if self.pipe.poll(timeout) else (f"it took over {timeout:g} s", False)
        except (EOFError, OSError):
            return "its process ended", False

    def end(self, patience):
        """Let it call `shutdown()`; kill it and what it started when that takes too long."""
        self.pipe.close()
        self.process.join(patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.ident or 0, signal.SIGKILL)
        self.process.join()


class Batches:
    """Hands out mini batches, and counts what failed. `why` says why to stop."""

    def __init__(self, file, plan, tasks):
        self.file, self.plan, self.tasks, self.why = file, plan, tasks, ""
        self.items = self.batches = self.broken = 0
        self.waiting, self.lock = iter(tasks), threading.Lock()

    def attend(self):
        """Work through mini batches with one process after the other, until there is none or too much has failed."""
        worker = None
        try:
            while task := self.following():
                for attempt in range(1 + self.plan["retries"]):
                    worker = worker or Worker(self.file)
                    result, goes_on = worker.run(task, self.plan["timeout"])
                    worker = worker if goes_on else worker.end(0)
                    if isinstance(result, int):
                        break
                    print(f"mini batch {task['index']} failed at try {attempt + 1}: {result}", flush=True)
                self.count(task["items"], result)
            if worker:
                worker.end(self.plan["timeout"])
        except RuntimeError as error:
            self.why = str(error)

    def following(self):
        with self.lock:
            return None if self.why else next(self.waiting, None)

    def count(self, items, result):
        broken = isinstance(result, str)
        lost = items if broken else max(0, items - result)
        with self.lock:
            self.items, self.batches, self.broken = self.items + lost, self.batches + (lost > 0), self.broken + broken
            for name, seen in (("error_threshold", self.items), ("mini_batch_error_threshold", self.batches)):
                if 0 <= self.plan[name] < seen:
                    self.why = f"{seen} failed, which is over `{name}: {self.plan[name]}`. The reasons are above."


def main(file):
    """Carry out a plan; returns why it failed."""
    plan = json.loads(Path(file).read_text())
    tasks = list(of_table(plan["table"], Path(file).parent)) if plan["table"] else plan["tasks"]
    batches = Batches(file, plan, tasks)
    threads = [threading.Thread(target=batches.attend) for _ in range(min(plan["workers"], len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(tasks)} mini batches, {batches.batches} failed; {batches.items} items failed", flush=True)
    if not tasks:
        return "there is no mini batch: the data has no rows. Check the input that is split."
    if batches.why or batches.broken == len(tasks):
        return batches.why or "every mini batch failed. The reasons are above."
    if plan["append_row_to"]:
        to = Path(plan["append_row_to"])
        with (to / "parallel_run_step.txt" if to.is_dir() else to).open("wb") as joined:
            for part in (result(file, task) for task in tasks):
                joined.write(part.read_bytes() if part.exists() else b"")
    return None


def of_table(table, folder):
    """Cut tables into files of rows: by the values of key columns, or each file into parts of some bytes."""
    import pandas

    def read(file):
        return getattr(pandas, table["reader"])(file["path"], **table["options"]).assign(**file["columns"])

    def parts():
        if keys := table["keys"]:
            rows = pandas.concat(map(read, table["files"]), ignore_index=True)
            for values, part in rows.groupby(keys, dropna=False):
                yield {key: getattr(v, "item", lambda v=v: v)() for key, v in zip(keys, values, strict=True)}, part
        for file in [] if keys else table["files"]:
            rows, size = read(file), os.path.getsize(file["path"])
            step = math.ceil(len(rows) / math.ceil(size / (table["bytes"] or size)))
            for start in range(0, len(rows), max(step, 1)):
                yield {}, rows[start : start + step]

    for index, (keys, part) in enumerate(parts()):
        part.reset_index(drop=True).to_pickle(folder / f"{index}.rows")
        yield {"index": index, "rows": str(folder / f"{index}.rows"), "keys": keys, "items": 1 if keys else len(part)}


def work(file, pipe):
    """Call the functions of the entry script for the mini batches that come in. Runs in a process group of its own."""
    os.setpgid(0, 0)
    plan = json.loads(Path(file).read_text())
    script = Path(plan["entry_script"]).absolute()
    sys.argv = [plan["entry_script"], *plan["arguments"]]
    sys.path.insert(0, str(script.parent))
    module = importlib.import_module(script.stem)
    getattr(module, "init", lambda: None)()
    pipe.send("ready")
    with suppress(EOFError):
        while task := pipe.recv():
            try:
                answer = write(module.run(*arguments(module.run, task)), result(file, task))
            except Exception as error:
                traceback.print_exc()
                answer = f"{type(error).__name__}: {error}"
            pipe.send(answer)
    getattr(module, "shutdown", lambda: None)()


def arguments(run, task):
    """A list of paths or a DataFrame and, for a function that takes two, what is known of the mini batch."""
    batch = pickle.loads(Path(task["rows"]).read_bytes()) if "rows" in task else task["paths"]
    context = SimpleNamespace(minibatch_index=task["index"], partition_key_value=task["keys"])
    return (batch, context)[: max(1, len(inspect.signature(run).parameters))]


def result(file, task):
    return Path(file).with_name(f"{task['index']}.result")


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
