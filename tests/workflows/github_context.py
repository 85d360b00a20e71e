"""What GitHub tells a run: to expressions as the context `github`, to commands as variables of their process."""

import json
from pathlib import Path
from typing import Any

from tests.workflows.model import Event

TRIGGERS = {"workflow_dispatch": "by hand", "repository_dispatch": "dispatch", "workflow_call": "called"}
"""What begins a run, where an `Event` has another name for it than GitHub."""
TRIGGERED = {other: name for name, other in TRIGGERS.items()}
NAMES = ("event_name", "ref", "repository", "run_id", "triggering_actor", "server_url")
"""Of the context, those that a command has too."""


def told(event: Event) -> dict[str, Any]:
    """The context `github`, as far as it is asked for."""
    pull = event.name == "pull_request"
    head = {"repo": {"full_name": "somebody/else" if event.fork else event.repository, "fork": event.fork}}
    of_pull = {"number": event.number, "pull_request": {"number": event.number, "head": head, "draft": False}}
    return {
        "event_name": TRIGGERED.get(event.name, event.name),
        "event": of_pull if pull else {"inputs": event.inputs, "client_payload": event.inputs},
        "ref": f"refs/pull/{event.number}/merge" if pull else "refs/heads/main",
        "repository": event.repository,
        "run_id": event.run,
        "triggering_actor": event.actor,
        "server_url": "https://github.com",
        "token": "a-token",
    }


def environment(event: Event, folder: Path) -> dict[str, str]:
    """With the file of the event in `folder`. Source: "Default environment variables" (docs.github.com), 2026-11."""
    said, file = told(event), folder / "event.json"
    file.write_text(json.dumps(said["event"] | {"repository": {"full_name": event.repository}}))
    return {f"GITHUB_{name.upper()}": str(said[name]) for name in NAMES} | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": event.server or "https://api.github.com",
        "GITHUB_EVENT_PATH": str(file),
    }
