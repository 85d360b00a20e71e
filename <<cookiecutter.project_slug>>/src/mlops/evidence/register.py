"""From a run to a registered model: only with every verdict passed or waived, and only the bytes that were judged."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops import digest
from mlops.errors import Misuse, Refused
from mlops.files import read_json
from mlops.gates.base import read_verdicts
from mlops.platform.base import Jobs, Model, Models

WANTED = ("model", "verdicts", "evaluation")


def refuse_unless_trained(outputs: Iterable[str], what: str) -> None:
    """Raises Misuse when a job, or a run of it, does not have the outputs that a model is registered from."""
    if missing := sorted({*WANTED} - {*outputs}):
        named = ", ".join(f"`{name}`" for name in missing)
        raise Misuse(f"{what} has no output {named}, so no model to register. See azureml/pipelines/train.yml.")


def register(run: str, name: str, jobs: Jobs, models: Models) -> Model:
    """Register what `run` trained. Raises Refused when a verdict does not stand or speaks of other bytes."""
    record = jobs.describe(run)
    refuse_unless_trained(record["outputs"], f"run {run[:8]}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for output in (*WANTED, *({"choice"} & record["outputs"].keys())):
            jobs.fetch(run, output, folder / output)
        judged = read_json(folder / "verdicts" / "verdicts.json")
        artifact = digest.of_folder(folder / "model")
        refuse_unless_judged(run, judged, artifact)
        metrics = read_json(folder / "evaluation" / "metrics.json")
        chosen = read_json(folder / "choice" / "choice.json") if (folder / "choice").exists() else None
        return models.register(name, folder / "model", lineage(run, record, judged, metrics) | {"choice": chosen})


def refuse_unless_judged(run: str, judged: dict[str, Any], artifact: str) -> None:
    if judged["model"] != artifact:
        raise Refused(
            f"the model of run {run[:8]} is {artifact[:12]}, but its verdicts speak of {str(judged['model'])[:12]}: "
            "it was changed after it was judged. Run the pipeline again."
        )
    verdicts = read_verdicts(judged)
    if not verdicts:
        raise Refused(f"run {run[:8]} has no verdict on its model: add a gate step to its pipeline.")
    lines = [f"  {each.gate}: {each.why} {each.next_step}" for each in verdicts if not each.stands]
    if lines:
        raise Refused(f"run {run[:8]} was refused and is not registered:\n" + "\n".join(lines))


def lineage(run: str, record: Any, judged: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """Where a model comes from: run, code, data, environment, parameters, and what was measured.

    Of data not where it lay on this machine.
    """
    data = {name: {key: entry[key] for key in ("digest", "version")} for name, entry in record["data"].items()}
    return {
        "run": run,
        **{name: record[name] for name in ("reason", "code", "environment", "parameters")},
        "data": data,
        "metrics": metrics["metrics"],
        "outcome": metrics["outcome"],
        "verdicts": judged["verdicts"],
    }
