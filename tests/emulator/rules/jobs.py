"""What Azure ML refuses of a job that is submitted."""

import re

from tests.emulator.rules.assets import OF_REGISTRY, exists, stored
from tests.emulator.rules.managed_network import WORKSPACE
from tests.emulator.rules.refusal import Refusal
from tests.emulator.rules.rule import Ask, rule
from tests.emulator.store import Document

JOB = f"{WORKSPACE}/jobs"
BINDING = re.compile(r"\$\{\{parent\.(?:(inputs|outputs)\.(\w+)|jobs\.(\w+)\.outputs\.(\w+))\}\}")


@rule(JOB)
def jobs_stay(ask: Ask) -> None:
    """A job is never submitted again under its name.

    Assumed: code and message; the client's own documentation says that a name is unique.
    """
    if ask.before is not None and ask.sent("jobs") != ask.was("jobs"):
        raise Refusal(409, "Conflict", f"A job with the name '{ask.id.name}' already exists.")


@rule(JOB)
def job_inputs_exist(ask: Ask) -> None:
    """Versions and places that a job or a step of it reads are there.

    Source: "Could not find asset with assetId", Azure/azure-sdk-for-python#34876 (2024-03-21); places: assumed.
    """
    nodes = (node.get("inputs", {}) for node in ask.sent("jobs", {}).values())
    for given in (each for inputs in (ask.sent("inputs", {}), *nodes) for each in inputs.values()):
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
    for node in ask.sent("jobs", {}).values():
        compute = node.get("computeId") or ask.sent("settings.default_compute", "")
        if ask.arm.find(compute) is None:
            raise Refusal(400, "UserError", f"Unknown compute target '{compute.rsplit('/', 1)[-1]}'.")


@rule(JOB)
def job_bindings_lead_somewhere(ask: Ask) -> None:
    """Components are there, and each input and output of a node is bound to something declared.

    Assumed.
    """
    nodes, pipeline = ask.sent("jobs", {}), ask.body["properties"]
    specs = {name: exists(ask, node["componentId"])["properties"]["componentSpec"] for name, node in nodes.items()}
    for name, node in nodes.items():
        for port in ("inputs", "outputs"):
            for key, given in node.get(port, {}).items():
                if not _leads_somewhere(str(given.get("value", "")), pipeline, specs):
                    raise Refusal(400, "UserError", f"{name}.{port}.{key} is bound to nothing: {given['value']}")


def _leads_somewhere(value: str, pipeline: Document, specs: dict[str, Document]) -> bool:
    if "${{" not in value:
        return True
    if not (match := BINDING.fullmatch(value)):
        return False
    port, name, node, output = match.groups()
    return name in (pipeline.get(port) or {}) if port else node in specs and output in specs[node].get("outputs", {})
