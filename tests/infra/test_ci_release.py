"""Every workflow of GitHub that acts in Azure really runs, as CI has it, in one emulated subscription.

What is merged goes from dev to prod, a second model up the ladder while `tick` looks, and both back; what was found is
said on a pull request, and staging and dev are removed. `pytest -s` prints what each command took. Azure DevOps has the
same commands in the same order (tests/workflows/test_promises.py); test_ci.py runs what differs.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.emulator.ci.azure_devops import RUN
from tests.infra import TEMPLATE
from tests.infra.hosted import ENVIRONMENTS, Hosted, hosted
from tests.infra.onboarded import SLUG, organisation
from tests.infra.reached import Reached, reached
from tests.support.project import render

TABLES = TEMPLATE / ".cache"
TRAIN = "azureml/pipelines/train.yml"
APPROVER, SIGNER, ACCOUNT = "approver@example.org", "signer@example.org", "the-approver"
TO_TRY = {"better_by": {"outcome": -5}, "reason": "To try a release. Not to be kept."}
FIRST, SECOND = "1001", "1002"
SECONDS = 10
"""For how long what GitHub vouches counts here, instead of five minutes, as commands take seconds instead of hours."""


@pytest.fixture
def there(request: pytest.FixtureRequest, engine: Path, tmp_path: Path) -> Iterator[Hosted]:
    """A project of which nothing is up, with the answers of the test."""
    made = organisation(tmp_path / "agency", engine, *request.param)
    made.organisation.up().ok()
    made.begin()
    (tmp_path / "azure").mkdir()
    with reached(made, tmp_path / "azure") as there:
        governed(there)
        with hosted(there) as ci:
            ci.minutes = SECONDS / 60
            yield ci
    made.cloud.close()
    rows = [f"| {job} | `{command}` | {seconds:.1f} |" for job, command, seconds in ci.took]
    table = TABLES / ("ci-batch.md" if request.param else "ci.md")
    table.write_text("\n".join(["| workflow and job | command | seconds |", "|---|---|---|", *rows, ""]))
    print(f"\n{table.read_text()}")


def governed(there: Reached) -> None:
    """Keys are trusted, duties are shared, and a second model may pass that is no better."""
    keys, known = (
        {name: there.key(name) for name in ENVIRONMENTS},
        yaml.safe_load((there.path / "mlops.yaml").read_text()),
    )
    for name in ENVIRONMENTS:
        there.trust(name, *(keys[each] for each in dict.fromkeys(("dev", name))))
    people = {
        "feeds_data": [SIGNER],
        "approves": {"staging": [APPROVER], "prod": [APPROVER]},
        "signs": dict.fromkeys(known["people"]["signs"], [SIGNER]),
        "accounts": {APPROVER: ACCOUNT},
    }
    there.set(people=people, gates={"champion": TO_TRY})


@pytest.mark.long
@pytest.mark.parametrize("there", [("serving=batch",)], indirect=True)
def test_what_serves_whole_files_only_is_released_too(there: Hosted, tmp_path: Path) -> None:
    released(there, "promote: no guard shows anything: 48,842 rows")
    again = there.harness("release", run=FIRST).run("promote/prod").ok()
    assert f"nothing: {SLUG}:1 is in service on prod already." in again.said, "a job that is run again"
    in_azure_devops(there, tmp_path)


def in_azure_devops(there: Hosted, scratch: Path) -> None:
    """Its own run registers the same bytes, and the approval of its stage counts."""
    there.in_azure_devops(render(scratch / "rendered", ci_system="azure-devops", serving="batch"))
    merged = there.harness("release", run=RUN)
    merged.run("dev/dev").ok()
    assert "nobody approved this run for prod" in merged.run("prod/prod").refused().said
    there.devops.approve("prod", (APPROVER, "2026-11-23T10:00:00Z", "approved"))
    said = merged.run("prod/prod").ok().said
    assert f"{APPROVER} approved {SLUG}:1 for prod, as http" in said
    assert f"nothing: {SLUG}:1 is in service on prod already." in said


@pytest.mark.long
@pytest.mark.parametrize("there", [()], indirect=True)
def test_every_workflow_that_acts_in_azure(there: Hosted) -> None:
    released(there, "champion: the smoke test passed")
    proposed(there)
    retrained(there)
    looked_after(there)
    given_back(there)
    removed(there)


def released(there: Hosted, ended: str) -> None:
    """A merge, trained in dev, tried in staging; nothing is opened in prod before somebody has approved it.

    `ended` is what the first release of an environment says.
    """
    merged = there.harness("release", run=FIRST)
    dev = merged.run("promote/dev").ok()
    assert f"registered {SLUG}:1" in dev.said and f"{SLUG}:1 is in the registry" in dev.said
    there.publish("dev")
    assert ended in merged.run("promote/staging").ok().said
    there.sign(yaml.safe_load((there.there.path / "mlops.yaml").read_text())["people"]["signs"], SIGNER, f"{SLUG}:1")

    refused = merged.run("promote/prod").refused()
    assert refused.step.text == "mlops ci approved --on prod", "nothing in prod has changed"
    assert "nobody approved this run for prod" in refused.said and "make repo-setup" in refused.said
    there.records.approved[FIRST] = [ACCOUNT]
    said = merged.run("promote/prod").ok().said
    assert f"{APPROVER} approved {SLUG}:1 for prod, as https://github.com/" in said
    assert ended in said
    for environment in ("staging", "prod"):
        there.publish(environment)


def proposed(there: Hosted) -> None:
    """A pull request is previewed as who may look, and one comment says what was found; a fork gets no login."""
    there.propose()
    pull = there.harness("check", "pull_request")
    previews = [each.name for each in pull.pipeline.jobs if each.logins]
    assert len(previews) == len(ENVIRONMENTS)
    for name in previews:
        pull.run(name).ok()
    pull.run("comment").ok()
    pull.run("comment").ok()
    [comment] = there.records.comments.values()
    assert f"| **prod** | `{SLUG}:1` | none | none violated |" in comment["body"]

    fork = there.harness("check", "pull_request", fork=True)
    assert [each.name for each in fork.pipeline.jobs if each.begins({"check": "success"})] == ["check", "comment"]
    assert "comes from a fork" in fork.run("comment").ok().said


def retrained(there: Hosted) -> None:
    """What was trained again goes the same way, and up the ladder while callers ask."""
    file = there.there.path / TRAIN
    file.write_text(file.read_text().replace("rounds: 200", "rounds: 150"))
    there.there.commit("Train for fewer rounds")
    there.push()
    there.records.approved[SECOND] = [ACCOUNT]
    again = there.harness("retrain", "by hand", run=SECOND)
    ended = again.all()
    assert {name: each.status for name, each in ended.items()} == {
        f"promote/{each}": "success" for each in ENVIRONMENTS
    }
    assert f"registered {SLUG}:2" in ended["promote/dev"].said
    assert "promoted it: Passed its tests" in ended["promote/staging"].said
    assert "advance: " in ended["promote/prod"].said

    there.there.cloud.inside = True
    there.there.type("prod", ".venv/bin/mlops", "env", "sync", "prod")
    said = ""
    while "champion: " not in said:
        there.there.cloud.inside = True
        there.there.type("prod", ".venv/bin/python", "-P", "infra/reach.py", "call", "prod", "4")
        said = there.harness("tick", "schedule").run("tick").ok().said


def looked_after(there: Hosted) -> None:
    """By night, as who may look: stacks are as they were left, and the data is what its contract says."""
    watch = there.harness("watch", "schedule")
    signed_in = [each.name for each in watch.pipeline.jobs if each.logins]
    assert len(signed_in) == len(ENVIRONMENTS) + 1
    for name in signed_in:
        watch.run(name).ok()


def given_back(there: Hosted) -> None:
    reason = 'Callers "complain"; $(touch here)'
    back = there.harness("rollback", "by hand", environment="prod", reason=reason, to="")
    assert [each.name for each in back.pipeline.jobs if each.begins({})] == ["prod"]
    ran = back.run("prod").ok()
    assert f"rolled back: {reason}" in ran.said and not (ran.project / "here").exists()
    there.harness("tick", "by hand").run("tick").ok()
    there.there.cloud.inside = True
    assert re.search(rf"in service +{SLUG}:1 ", there.there.mlops("prod", "release", "status"))


def removed(there: Hosted) -> None:
    for environment in ("staging", "dev"):
        gone = there.harness("destroy", "by hand", what=f"{SLUG}-{environment}")
        assert [each.name for each in gone.pipeline.jobs if each.begins({})] == [environment]
        gone.run(environment).ok()
        assert not there.there.stack(environment).resources()
