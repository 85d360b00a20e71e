"""Endpoints and deployments: what belongs together, and what `service:` in mlops.yaml promises of them."""

import re

from mlops.settings import Online, Settings
from mlops.specs import fields
from mlops.specs.assets import existing, yaml_files
from mlops.specs.collect import attempt, refuse
from mlops.specs.load import Item, meant, read

LONGEST_MS = 180_000
"""The most that Azure ML takes as `request_timeout_ms`."""
OF_RELEASES = ("traffic", "mirror_traffic", "defaults")
OUTPUT = re.compile(r"\$\{\{stack\.outputs\.(\w+)\}\}")
OUTPUTS = ("endpoint_client_id", "inference_log_url", "log_key_id", "sensitive_log_url")
"""What a release puts in the place of `${{stack.outputs.NAME}}` in a deployment's variables."""

SERVER = {
    "request_timeout_ms": ("MLOPS_TIMEOUT_MS", 5000),
    "max_concurrent_requests_per_instance": ("MLOPS_MAX_WAITING", 64),
}
"""The variable that tells the server what a field tells Azure, and what it keeps to without."""


def check(root: Item, kind: str, known: Settings | None) -> None:
    """Refuse what Azure ML would take and callers would suffer from. Without settings only the files are compared."""
    if kind.endswith("endpoint"):
        for share in filter(None, map(root.get, OF_RELEASES)):
            refuse(share.wrong("who is asked is what releases decide; the next one would undo this. Remove it."))
        return
    _check_belonging(root, kind.replace("deployment", "endpoint"))
    if kind == "batch deployment":
        attempt(_check_component, root)
    if kind == "online deployment":
        attempt(_check_image, root)
        attempt(_check_variables, root)
        for probe in filter(None, map(root.get, ("liveness_probe", "readiness_probe"))):
            if _whole(probe, "timeout", 2) > _whole(probe, "period", 10):
                what = "`timeout` is longer than `period`: the next probe comes before the answer. Lower it."
                refuse(probe.wrong(what))
        if known and known.service.online:
            _check_requests(root, known.service.online)
        elif known:
            refuse(root.wrong("mlops.yaml promises no answers. Add `service.online` there, or remove this file."))


def _check_belonging(root: Item, kind: str) -> None:
    """Refuse a deployment whose endpoint no file beside it describes."""
    wanted, beside = root.get("endpoint_name"), yaml_files(root.place.file.parent)
    found = [each for each in (attempt(read, file) for file in beside) if each and fields.kind_of(each, False) == kind]
    names = [str(each.plain().get("name")) for each in found]
    if wanted and (name := str(wanted.value)) not in names:
        refuse(wanted.wrong(f"no {kind} beside this file is called `{name}`: {meant(name, names)}"))


def _check_component(root: Item) -> None:
    """Refuse what a batch endpoint cannot run."""
    said = root.get("component")
    if said and isinstance(said.value, str) and not said.value.startswith("azureml:"):
        file = existing(said, "component", "Correct the path.")
        if (kind := fields.kind_of(read(file), True)) != "pipeline component":
            what = f"{file.name} is a {kind or 'file of another kind'}, and a batch endpoint runs a pipeline component"
            refuse(said.wrong(f"{what}. Correct it."))


def _check_image(root: Item) -> None:
    """Refuse an image of which nobody knows where it answers, and a script that is not there."""
    said, script = root.get("environment"), root.get("code_configuration")
    code, named = (script.get(key) if script else None for key in ("code", "scoring_script"))
    if code and named and not (existing(code, "code", "Correct the path.") / str(named.value)).is_file():
        refuse(named.wrong(f"there is no {named.value} in {code.value}. Correct the path."))
    if said is None or not str(said.value).startswith("file:"):
        return
    file = existing(said, "environment", "Correct the path.")
    config = read(file).get("inference_config")
    if config is None and script is None:
        refuse(said.wrong(f"{file.name} has no `inference_config`: nobody knows where its image answers. Add it."))
    if config and len({_whole(route, "port", 0) for route in config.value.values()}) > 1:
        refuse(said.wrong(f"the routes of {file.name} have several ports, but a server has one. Correct them there."))


def _check_variables(root: Item) -> None:
    """Refuse a variable for which a release has no value."""
    for name, said in root.section("environment_variables").items():
        output = OUTPUT.fullmatch(text := str(said.value))
        if "${{" in text and (output is None or output[1] not in OUTPUTS):
            known = ", ".join(f"stack.outputs.{each}" for each in OUTPUTS)
            refuse(said.wrong(f"`{name}` is `{text}`, which no release can fill in. Write a value, or one of {known}."))


def _check_requests(root: Item, online: Online) -> None:
    """Refuse a deployment that breaks what is promised even where no request takes longer than promised."""
    asked = root.get("request_settings") or root
    timeout, where = _whole(asked, "request_timeout_ms", 5000), asked.get("request_timeout_ms") or asked
    if timeout > LONGEST_MS:
        refuse(where.wrong(f"`request_timeout_ms` is at most {LONGEST_MS:,}. Lower it."))
    if timeout < online.p95_ms:
        what = f"a request is ended after {timeout:,} ms, before the {online.p95_ms:g} of `service.online.p95_ms`"
        refuse(where.wrong(f"{what}. Raise it."))
    instances, at_once = _whole(root, "instance_count", 1), _whole(asked, "max_concurrent_requests_per_instance", 1)
    variables = root.get("environment_variables") or root
    workers = _whole(variables, "WORKER_COUNT", 1)
    if root.get("code_configuration") and workers != at_once:
        what = f"{workers} workers answer one request each, and {at_once} are let in at once"
        where = variables.get("WORKER_COUNT") or root
        refuse(where.wrong(f"{what}: make `max_concurrent_requests_per_instance` and `WORKER_COUNT` the same."))
    for (key, (name, usual)), wanted in zip(SERVER.items(), (timeout, at_once), strict=True):
        if wanted > (most := _whole(variables, name, usual)):
            what = f"`{key}` is {wanted:,}, and the server keeps to {most:,}"
            refuse((asked.get(key) or asked).wrong(f"{what}. Say as much by `{name}` in `environment_variables`."))
    most = instances * at_once * 1000 / online.p95_ms
    if most < online.requests_per_second:
        what = f"{instances} x {at_once} requests at once, each of {online.p95_ms:g} ms, are {most:g} a second"
        remedy = "Raise `max_concurrent_requests_per_instance` (1 if it is not said) or `instance_count`."
        where = asked.get("max_concurrent_requests_per_instance") or asked
        refuse(where.wrong(f"{what}; mlops.yaml promises {online.requests_per_second:g}. {remedy}"))


def _whole(item: Item, key: str, otherwise: int) -> int:
    said = item.get(key)
    return int(said.value) if said and str(said.value).isdecimal() else otherwise
