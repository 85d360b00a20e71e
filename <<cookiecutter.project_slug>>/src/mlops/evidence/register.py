"""From a run to a registered model: only with every verdict passed or waived, and only the bytes that were judged."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mlops import digest, settings
from mlops.ci import here
from mlops.errors import Misuse, Refused
from mlops.evidence import build, entries
from mlops.evidence.statements import Statement, signed
from mlops.files import read_json
from mlops.gates.base import read_verdicts
from mlops.platform.base import Model, Platform
from mlops.words import short

WANTED = ("model", "verdicts", "evaluation")


def refuse_unless_trained(outputs: Iterable[str], what: str) -> None:
    """Raises Misuse when a job, or a run of it, does not have the outputs that a model is registered from."""
    if missing := sorted({*WANTED} - {*outputs}):
        named = ", ".join(f"`{name}`" for name in missing)
        raise Misuse(f"{what} has no output {named}, so no model to register. See azureml/pipelines/train.yml.")


def register(run: str, platform: Platform, project: Path, environment: str = "local") -> Model:
    """Register what `run` trained, with a signed statement of how. Bytes that are registered are stated anew,
    and so is a run that another run of CI has registered: a change that nothing is trained for has its model too.

    Raises Refused when a verdict does not stand or speaks of other bytes, and in Azure when its code was not committed.
    """
    from mlops.serving import pyfunc  # takes seconds to import

    jobs, models, known = platform.jobs, platform.models, settings.load(project / "mlops.yaml")
    record = jobs.describe(run)
    refuse_unless_trained(record["outputs"], f"run {short(run)}")
    if environment != "local" and record["code"]["dirty"]:
        raise Refused(f"the code of run {short(run)} was not committed. Commit it, and run again on {environment}.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for output in (*WANTED, *({"choice"} & record["outputs"].keys())):
            jobs.fetch(run, output, folder / output)
        artifact = digest.of_folder(folder / "model")
        refuse_unless_judged(run, read_json(folder / "verdicts" / "verdicts.json"), artifact)
        registered = [each.digest for each in models.list()]
        says = build.says(record, folder, jobs.restore(run, folder / "code"), project, registered)
        made = Statement("build", {known.model.name: artifact}, says)
        pyfunc.save(folder / "mlflow", folder / "model", project / "requirements" / "serving.txt")
        statement = signed(made, platform.signer())
        model = models.register(known.model.name, folder / "model", says, statement, folder / "mlflow")
    said, ci = build.stated(model, entries.read(platform, known)[0]), says.get("ci")
    if not any(each["run"] == run and (not ci or here.same(each.get("ci"), ci)) for each in said):
        entries.add(platform, known, environment, "build", made.subjects, says)
    return model


def refuse_unless_judged(run: str, judged: dict[str, Any], artifact: str) -> None:
    if judged["model"] != artifact:
        raise Refused(
            f"the model of run {short(run)} is {artifact[:12]}, but its verdicts speak of {str(judged['model'])[:12]}: "
            "it was changed after it was judged. Run the pipeline again."
        )
    if not (verdicts := read_verdicts(judged)):
        raise Refused(f"run {short(run)} has no verdict on its model: add a gate step to its pipeline.")
    if lines := [f"  {each.gate}: {each.why} {each.next_step}" for each in verdicts if not each.stands]:
        raise Refused(f"run {short(run)} was refused and is not registered:\n" + "\n".join(lines))
