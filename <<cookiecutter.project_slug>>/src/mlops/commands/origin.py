"""What a run or a model was made from, and what was measured, as people read it."""

from collections.abc import Mapping
from typing import Any


def origin(found: Mapping[str, Any]) -> dict[str, str]:
    """Lines by name, out of the record of a run or the lineage of a model; `verdicts` in it are Verdicts."""
    from mlops.gates.base import tally
    from mlops.stats import Interval

    code, environment = found["code"], found["environment"]
    changes = ", with changes that are not committed" if code["dirty"] else ""
    machine = f", {environment['machine']}" if "machine" in environment else ""
    return {
        "code": f"{code['digest']}, commit {(code['commit'] or 'none')[:12]}{changes}",
        "data": "\n".join(f"{name} {_bytes(entry)}" for name, entry in found["data"].items()),
        "environment": f"{environment['digest'][:12]}, Python {environment['python']}{machine}",
        "parameters": ", ".join(f"{name}={value}" for name, value in found["parameters"].items()),
        "metrics": "\n".join(f"{name} {Interval.of(each)}" for name, each in found["metrics"].items()),
        "verdicts": tally(found["verdicts"]) if found["verdicts"] else "",
    }


def _bytes(entry: Mapping[str, Any]) -> str:
    """The digest of data, the version of the store that has it, and where it was read."""
    version = f"({entry['version']})" if entry["version"] else ""
    return " ".join(filter(None, (entry["digest"][:12], version, entry.get("path"))))
