"""The project of a shop, and what was signed about how its models were made."""

import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from mlops.contract import request
from mlops.gates.base import Verdict
from mlops.gates.run import discover

HERE = Path(__file__).parent
LADDER = [
    {"mirror": 50, "requests": 30, "hours": 1},
    {"share": 30, "requests": 40, "hours": 1},
    {"share": 100, "requests": 20, "hours": 1},
]
SPEC_FILE = "azureml/endpoints/online-deployment.yml"
SPEC = {"request_settings": {"request_timeout_ms": 2000, "max_concurrent_requests_per_instance": 64}}


def built(path: Path, reference: Path) -> Path:
    (path / "src").mkdir(parents=True)
    shutil.copytree(HERE / "shop", path / "src" / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(reference / "responsible_ai", path / "responsible_ai")
    plain = yaml.safe_load((reference / "mlops.yaml").read_text())
    plain["model"] = {"name": "shop", "package": "shop"}
    plain["gates"] = {}
    guards = {name: {"allowed": 0.05, "detects": 1} for name in ("errors", "shift", "outcome")}
    guards["latency"] = {"allowed": 0.3, "detects": 1}
    plain["release"] = {"ladder": LADDER, "guards": guards, "stress_seconds": 0}
    plain["service"]["online"]["p95_ms"] = 1000
    (path / "mlops.yaml").write_text(yaml.safe_dump(plain))
    spec = path / SPEC_FILE
    spec.parent.mkdir(parents=True)
    spec.write_text(yaml.safe_dump(SPEC))
    return path


def says() -> dict[str, Any]:
    """A build statement."""
    contract = import_module("shop.contract")
    judged = [name for name, gate in discover("shop").items() if gate.stage != "release"]
    return {
        "run": "0123456789abcdef",
        "reason": "",
        "environment": {"digest": "e", "python": "3.11"},
        "parameters": {},
        "image": "context:sha256:0",
        "code": {"digest": "c", "commit": None, "dirty": False, "author": "person@example.org"},
        "data": {},
        "uncommitted": [],
        "evaluation": {
            "request": request.schema(contract.ROW),
            "predicted": {"column": "score", "edges": [0.2, 0.3, 0.4, 0.5, 0.6, 0.8]},
            "outcome": {"value": 1.0, "low": 0.9, "high": 1.1},
            "metrics": {},
            "rows": 100,
            "costs": {"p95_ms": 1, "seconds_per_million": 60, "size_mb": 1},
            "training": {"seconds": 9, "peak_mb": 300, "at": datetime.now(UTC).isoformat()},
            "newest": date.today().isoformat(),
        },
        "verdicts": [asdict(Verdict(name, "all", 1, 0, True, "it is well.")) for name in judged],
        "waivers": [],
        "system": {"contract": "c", "features": "f", "limits": "l", "purpose": "p"},
    }
