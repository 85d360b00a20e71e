"""Run by the interpreter that has azure-ai-ml: an order a line on stdin, an answer a line on stdout."""

import json
import os
import sys

from azure.ai.ml import MLClient, load_data, load_job
from azure.identity import DefaultAzureCredential


def submit(data: list[str], job: str, **workspace: str) -> str:
    """Register the data assets, submit the pipeline; the job's name."""
    client = MLClient(DefaultAzureCredential(), show_progress=False, enable_telemetry=False, **workspace)
    for file in data:
        client.data.create_or_update(load_data(file))
    return str(client.jobs.create_or_update(load_job(job)).name)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            answer = {"job": submit(**json.loads(line))}
        except Exception as error:
            answer = {"refused": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
