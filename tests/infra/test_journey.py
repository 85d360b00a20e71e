"""A project's whole way in emulated Azure, as people and CI type it: real engine, real client, one subscription.

The acceptance run brings dev up and takes it through a release. Then a model of committed files is shared, and staging
takes it up a ladder of its own, during which its stack changes. `pytest -s` prints what each command took.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra import TEMPLATE
from tests.infra.onboarded import SLUG, organisation
from tests.infra.reached import LADDER, Reached, reached

TABLE = TEMPLATE / ".cache" / "journey.md"
TRAIN = "azureml/pipelines/train.yml"
TO_TRY = {"better_by": {"outcome": -5}, "reason": "To try a release. Not to be kept."}
"""What docs/release.md says lets a second version pass that is no better."""


@pytest.fixture
def there(engine: Path, tmp_path: Path) -> Iterator[Reached]:
    began = time.monotonic()
    made = organisation(tmp_path / "agency", engine)
    made.organisation.up().ok()
    made.begin()
    (tmp_path / "azure").mkdir()
    with reached(made, tmp_path / "azure") as there:
        there.took.append(("make organisation-up", time.monotonic() - began))
        yield there
    made.cloud.close()
    rows = [f"| `{command}` | {seconds:.1f} |" for command, seconds in there.took]
    TABLE.write_text("\n".join(["| command | seconds |", "|---|---|", *rows, ""]))
    print(f"\n{TABLE.read_text()}")


@pytest.mark.long
def test_from_nothing_to_releases_in_dev_and_staging_and_back_to_nothing(there: Reached) -> None:
    accepted(there)
    committed(there)
    released(there)
    for environment in ("dev", "staging"):
        there.cloud.inside = environment == "staging"
        there.type(environment, ".venv/bin/python", "-P", "infra/reach.py", "remove", environment)
        there.engine("destroy", environment, "--yes")
        assert not there.stack(environment).resources()
        group = there.stack(environment).settings()["organisation"]["resource_group"]
        left = {id.split("/")[7] for id in there.made.cloud.ids(f"/resourceGroups/{group}/providers/")}
        assert left <= {"roleAssignments", "budgets"}, "what the organisation made"


def accepted(there: Reached) -> None:
    """The acceptance run, kept; before that it prints the line that is missing in mlops.yaml."""
    refused = there.check("ENV=dev", ok=False)
    key = there.key("dev")
    assert "Error 2" in refused.stderr and f'"{key["id"]}": ' in refused.stderr, refused.stdout + refused.stderr
    assert not there.made.cloud.ids("/workspaces/mlw-"), "nothing is made before all is ready"
    there.trust("dev", key)
    there.trust("staging", key, there.key("staging"))
    done = there.check("ENV=dev", "EVERY=4", "KEEP=1")
    there.took[-1:] = [(each["command"], each["seconds"]) for each in there.record["steps"]]
    assert "it may cost " in done.stdout and "it was not Azure that answered" in done.stdout
    assert (there.record["emulated"], there.record["answered"]["by"]) == (True, "")
    assert not (there.path / "verified-azure.json").exists()
    assert {each["status"] for each in there.record["steps"]} == {0}
    assert [each["step"] for each in there.record["steps"]].count("ladder") == len(LADDER)


def committed(there: Reached) -> None:
    """Staging takes no model that was trained with `--set`: the same one, from committed files, is shared."""
    file = there.path / TRAIN
    file.write_text(file.read_text().replace("rounds: 200", "rounds: 150"))
    there.set(gates={"champion": TO_TRY})
    there.mlops("dev", "run", TRAIN)
    assert f"{SLUG}:2" in there.mlops("dev", "models", "register", "last")
    assert f"{SLUG}:2" in there.mlops("dev", "models", "share", f"{SLUG}:2")


def released(there: Reached) -> None:
    """Up to full and back, while each step of the ladder sees a change of the stack."""
    there.cloud.inside = True
    there.engine("preview", "staging")
    there.engine("up", "staging", "--yes")
    there.type("staging", ".venv/bin/mlops", "env", "sync", "staging")
    there.mlops("staging", "release", "verify", f"{SLUG}:1")
    assert "champion: " in there.mlops("staging", "release", "start", f"{SLUG}:1")
    assert "advance: " in there.mlops("staging", "release", "start", f"{SLUG}:2")
    seen = [there.change_the_stack("staging", 0)]
    while "champion: " not in (said := there.mlops("staging", "release", "tick")):
        if "advance: " in said:
            seen.append(there.change_the_stack("staging", len(seen)))
        there.type("staging", ".venv/bin/python", "-P", "infra/reach.py", "call", "staging", "4")
    assert [(sorted(live.values()), [*copied.values()]) for live, copied in seen] == [
        ([100], [50]), ([10, 90], []), ([100], []),
    ]  # fmt: skip
    there.mlops("staging", "release", "rollback", "--reason", "Callers complain")
    live, copied = there.shares("staging")
    assert ([*live.values()], copied) == ([100], {}) and live != seen[-1][0]
