"""What Azure ML refuses of a job that is submitted."""

import re
from typing import TYPE_CHECKING

from tests.emulator.rules.assets import OF_REGISTRY, exists, found, stored
from tests.emulator.rules.managed_network import WORKSPACE
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule
from tests.emulator.store import Document

if TYPE_CHECKING:
    from tests.emulator.arm import Arm

JOB = f"{WORKSPACE}/jobs"
BINDING = re.compile(r"\$\{\{parent\.(?:(inputs|outputs)\.(\w+)|jobs\.(\w+)\.outputs\.(\w+))\}\}")


@rule(JOB)
def jobs_stay(ask: Ask) -> None:
    """A job is never submitted again under its name.

    Assumed: code and message; the client's own documentation says that a name is unique.
    """
    if ask.before is not None and any(ask.sent(each) != ask.was(each) for each in ("jobs", "componentId")):
        raise Refusal(409, "Conflict", f"A job with the name '{ask.id.name}' already exists.")


@rule(JOB)
def job_inputs_exist(ask: Ask) -> None:
    """Versions and places that a job or a step of it reads are there.

    Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21); places: assumed.
    """
    inner = (node.get("inputs", {}) for node in pipeline(ask.arm, ask.body["properties"])["jobs"].values())
    for given in (each for inputs in (ask.sent("inputs", {}), *inner) for each in inputs.values()):
        uri = given.get("uri", "")
        if uri.startswith("/subscriptions/") or OF_REGISTRY.fullmatch(uri):
            exists(ask, uri)
        elif uri:
            stored(ask, uri)


@rule(JOB)
def job_computes_exist(ask: Ask) -> None:
    """Computes that a job names are there.

    Source: "Unknown compute target", Azure/AML-Kubernetes#118 (2021-09-08).
    """
    for node in pipeline(ask.arm, ask.body["properties"])["jobs"].values():
        compute = node.get("computeId") or ask.sent("settings.default_compute", "")
        if ask.arm.find(compute) is None:
            raise Refusal(400, "UserError", f"Unknown compute target '{compute.rsplit('/', 1)[-1]}'.")


@rule(JOB)
def job_bindings_lead_somewhere(ask: Ask) -> None:
    """Components are there, and each input and output of a node is bound to something declared.

    Assumed.
    """
    whole = pipeline(ask.arm, ask.body["properties"])
    nodes = whole["jobs"].items()
    specs = {name: exists(ask, node["componentId"])["properties"]["componentSpec"] for name, node in nodes}
    for name, node in nodes:
        for port in ("inputs", "outputs"):
            for key, given in node.get(port, {}).items():
                if not _leads_somewhere(str(given.get("value", "")), whole, specs):
                    raise Refusal(400, "UserError", f"{name}.{port}.{key} is bound to nothing: {given['value']}")


def pipeline(arm: "Arm", job: Document) -> Document:
    """Inputs, outputs and nodes of a job: its own, or those of the component that it is, with its own values.

    Source: azure-ai-ml 1.35.2, which sends `component:` of a job as a component with the nodes in it.
    """
    spec = {}
    if reference := job.get("componentId"):
        spec = found(arm, reference)["properties"]["componentSpec"]
    preset = {name: {"value": it["default"]} for name, it in spec.get("inputs", {}).items() if "default" in it}
    given = {port: {**spec.get(port, {}), **(job.get(port) or {})} for port in ("outputs", "jobs")}
    return given | {"inputs": preset | (job.get("inputs") or {})}


def _leads_somewhere(value: str, pipeline: Document, specs: dict[str, Document]) -> bool:
    if "${{" not in value:
        return True
    if not (match := BINDING.fullmatch(value)):
        return False
    port, name, node, output = match.groups()
    return name in (pipeline.get(port) or {}) if port else node in specs and output in specs[node].get("outputs", {})
