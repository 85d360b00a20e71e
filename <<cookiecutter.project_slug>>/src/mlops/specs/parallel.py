"""How a parallel node goes through its data."""

import re
from collections.abc import Mapping
from typing import Any

from mlops.errors import Misuse
from mlops.specs.drafts import Draft
from mlops.specs.expressions import names, whole
from mlops.specs.inputs import Scope, count
from mlops.specs.load import Elsewhere, Item
from mlops.specs.types import Literal, Parallel, Value

SIZE = re.compile(r"([1-9]\d*)(?:([kmg])b)?", re.IGNORECASE)
UNIT = {"k": 2**10, "m": 2**20, "g": 2**30}
TASKS = ("run_function", "function")


def of_node(draft: Draft, inputs: Mapping[str, Value], scope: Scope) -> Parallel:
    """What the node says, else its component. Raises Misuse with its line for what cannot be done."""
    settings, task = draft.settings, draft.component.task
    retry = settings.get("retry_settings")
    if (kind := (task.text("type") or "").lower()) not in TASKS:
        what = f"a task of type `{kind}` is not run locally. Write `run_function`."
        raise (task.get("type") or task).wrong(what, kind=Elsewhere if kind == "model" else Misuse)
    workers = count(settings, "max_concurrency_per_instance", scope, 1)
    collects = task.get("append_row_to")
    if collects and not (whole(str(collects.value)) or "").startswith("outputs."):
        raise collects.wrong("`append_row_to` must name an output, as `${{outputs.NAME}}`.")
    return Parallel(
        data=_data(settings, inputs),
        entry_script=_script(draft),
        arguments=task.text("program_arguments") or "",
        **_batches(settings),
        workers=workers * count(settings.get("resources"), "instance_count", scope, 1),
        retries=count(retry, "max_retries", scope, 2, least=0),
        timeout=count(retry, "timeout", scope, 60),
        error_threshold=count(settings, "error_threshold", scope, -1, least=-1),
        mini_batch_error_threshold=count(settings, "mini_batch_error_threshold", scope, -1, least=-1),
        append_row_to=collects.value if collects else None,
    )


def _data(settings: Item, inputs: Mapping[str, Value]) -> tuple[str, ...]:
    item = settings.get("input_data")
    found = tuple(name.removeprefix("inputs.") for name in names(str(item.value))) if item else ()
    if not found or any(isinstance(inputs.get(name), Literal) for name in found):
        what = "`input_data` must name the input whose files are split into mini batches, as `${{inputs.NAME}}`."
        raise (item or settings).wrong(what)
    return found


def _script(draft: Draft) -> str:
    """The script's path in the code. Raises Misuse when it is not there."""
    item, code = draft.component.texts[0], draft.component.code
    if code is None or not (code / item.value if code.is_dir() else code.with_name(item.value)).is_file():
        raise item.wrong(f"entry_script: {item.value} is not in {code or 'the code: there is none'}. Correct the path.")
    return item.value


def _batches(settings: Item) -> dict[str, Any]:
    """Mini batches by key, else by size: a number of files (one, when nothing is said), or bytes of a table."""
    if keys := settings.take("partition_keys", list):
        return {"partition_keys": tuple(str(each.plain()) for each in keys)}
    size = settings.get("mini_batch_size")
    match = SIZE.fullmatch(str(size.value)) if size else None
    if size and not match:
        what = f"`mini_batch_size` must be a number of files, as `10`, or of bytes, as `10kb`, not `{size.plain()}`."
        raise size.wrong(what)
    if match and match[2]:
        return {"batch_bytes": int(match[1]) * UNIT[match[2].lower()]}
    return {"batch_files": int(match[1]) if match else 1}
