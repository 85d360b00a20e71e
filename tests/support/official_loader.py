"""What the official client says about spec files. Run as a script, it needs only azure-ai-ml."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def failures(python: Path, files: Iterable[Path]) -> dict[Path, str]:
    """Load each file as what its `$schema` says, all in one process of an interpreter that has azure-ai-ml.

    Returns the official message of each file that does not load.
    """
    command = [python, "-W", "ignore", __file__, *files]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return {Path(file): message for file, message in json.loads(done.stdout).items()}


def main(files: list[str]) -> None:
    ml = importlib.import_module("azure.ai.ml")
    loaders = {
        "Job": ml.load_job,
        "Component": ml.load_component,
        "environment": ml.load_environment,
        "data": ml.load_data,
        "managedOnlineEndpoint": ml.load_online_endpoint,
        "managedOnlineDeployment": ml.load_online_deployment,
        "batchEndpoint": ml.load_batch_endpoint,
        "schedule": ml.entities._load_functions.load_schedule,
        "pipelineComponentBatchDeployment": ml.entities._load_functions.load_pipeline_component_batch_deployment,
    }
    said = {}
    for file in files:
        named = re.search(rf"/\w*?({'|'.join(loaders)})\.schema\.json", Path(file).read_text("utf-8"))
        try:
            assert named, f"has no $schema of {', '.join(loaders)}"
            loaders[named[1]](file)
        except Exception as error:
            said[file] = f"{type(error).__name__}: {error}"
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
