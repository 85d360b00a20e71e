"""`make repo-setup` in Azure DevOps, with an `az` that speaks to a service which refuses and drops."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.emulator.ci.project import DevOpsProject
from tests.emulator.ci.server import served
from tests.infra import az_rest
from tests.infra.administered import PASTED, Administered, administered

REMOTE = "https://agency@dev.azure.com/agency/Income%20Triage/_git/income-support-triage"
SECRET = {"value": None, "isSecret": True}
"""A variable as Azure DevOps answers it."""
PLANNED = (
    "Azure DevOps, agency/Income Triage/income-support-triage: ",
    "environment prod: jobs wait until owner@example.org or other@example.org approves, and not whoever started",
    "environment prod-operate: jobs of the branch main only",
    "environment staging: one job at a time",
    "service connection dev-deploy, as d; no secret",
    "variable group mlops: AZURE_CLIENT_ID_DEPLOY_DEV, ",
    "pipeline check, of /.azuredevops/check.yml",
    "branch main: only pull requests that pass the pipeline check",
    "branch main: owner@example.org approve changes of /infra/",
)
CHECKS = [
    ("dev", "ExclusiveLock"),
    ("dev", "Task Check"),
    ("dev-deploy", "Task Check"),
    ("prod", "Approval"),
    ("prod", "ExclusiveLock"),
    ("prod", "Task Check"),
    ("prod-operate", "Task Check"),
    ("staging", "ExclusiveLock"),
    ("staging", "Task Check"),
]


@pytest.fixture
def azure(once: Callable[..., Path], tmp_path: Path) -> Iterator[Administered[DevOpsProject]]:
    with served(DevOpsProject()) as devops:
        found = administered(once, "azure-devops", tmp_path, devops, az=az_rest)
        subprocess.run(["git", "remote", "add", "origin", REMOTE], cwd=found.folder, check=True)
        yield found


def test_it_is_set_up_in_rounds_since_things_name_each_other_by_id(azure: Administered[DevOpsProject]) -> None:
    azure.at.keep("groups", {"name": "mlops", "variables": {"OTHERS": SECRET, "AZURE_TENANT_ID": {"value": "old"}}})
    azure.paste(PASTED)
    planned = azure.setup()
    assert planned.returncode == 0 and azure.writes == [], planned.stderr
    assert [each for each in PLANNED if each not in planned.stdout] == []

    done = azure.ok()
    assert "prod is behind approval, as Azure DevOps says it too: owner@example.org, other@example.org." in done
    assert "environments.dev.subjects.reader: /eid1/c/pub/t/t/a/app/sc/agency/2\n" in done
    checks = {(each["resource"]["name"], each["type"]["name"]): each["settings"] for each in azure.at.all("checks")}
    assert sorted(checks) == CHECKS
    assert checks["prod", "Approval"]["requesterCannotBeApprover"] is True
    assert checks["staging", "Task Check"]["inputs"]["allowedBranches"] == "refs/heads/main"
    pipelines = {each["name"]: each["id"] for each in azure.at.all("pipelines")}
    files = sorted(file.stem for file in (azure.folder / ".azuredevops").glob("*.yml"))
    assert sorted(pipelines) == files and {"check", "release", "watch"} <= {*files}
    policies = [each["settings"] for each in azure.at.all("policies")]
    assert [each["buildDefinitionId"] for each in policies if "buildDefinitionId" in each] == [pipelines["check"]]
    owned = [each["filenamePatterns"] for each in policies if "filenamePatterns" in each]
    assert ["/infra/*"] in owned and "!/infra/*" in owned[0]
    [group] = azure.at.all("groups")
    assert (group["variables"]["OTHERS"], group["variables"]["AZURE_TENANT_ID"]) == (SECRET, {"value": "t"})
    azure.unchanged()


def test_stricter_checks_and_policies_stay(azure: Administered[DevOpsProject]) -> None:
    azure.ok()
    [approval] = [each for each in azure.at.all("checks") if each["type"]["name"] == "Approval"]
    [count] = [each for each in azure.at.all("policies") if "minimumApproverCount" in each["settings"]]
    approval["settings"] |= {"minRequiredApprovers": 2, "instructions": "Read the evidence."}
    count["settings"] |= {"minimumApproverCount": 2, "blockLastPusherVote": True}
    azure.unchanged()

    approval["settings"]["approvers"] = [{"id": "id-owner"}, {"id": "id-somebody"}]
    azure.ok()
    assert azure.writes == [f"PATCH /agency/Income Triage/_apis/pipelines/checks/configurations/{approval['id']}"]
    kept = azure.at.kept["checks"][approval["id"]]["settings"]
    assert [each["id"] for each in kept["approvers"]] == ["id-owner", "id-other"], "the same check, changed"
    assert kept["minRequiredApprovers"] == 2 and kept["instructions"] == "Read the evidence."

    count["settings"]["resetOnSourcePush"] = False
    azure.ok()
    kept = azure.at.kept["policies"][count["id"]]["settings"]
    assert kept["resetOnSourcePush"] and kept["blockLastPusherVote"] and kept["minimumApproverCount"] == 2
    kept["minimumApproverCount"] = 0
    azure.ok()
    kept = azure.at.kept["policies"][count["id"]]["settings"]
    assert kept["minimumApproverCount"] == 1 and kept["blockLastPusherVote"]


def test_prod_is_not_said_to_be_behind_approval_that_azure_devops_does_not_keep(
    azure: Administered[DevOpsProject],
) -> None:
    azure.at.drops = "Approval"
    assert "prod is NOT behind approval: Azure DevOps does not keep the checks" in azure.refused(1)


def test_what_cannot_be_is_said_before_anything_is_changed(azure: Administered[DevOpsProject]) -> None:
    azure.paste(f"{PASTED}RUNNER_PROD=inside\n")
    said = "ci.env:7: no pipeline reads RUNNER_PROD from a variable group: write it in .azuredevops/temp"
    assert said in azure.refused(2)
    azure.paste(PASTED)
    azure.at.people["id-owner"] = "other@example.org"
    assert "agency knows nobody as owner@example.org: add that person" in azure.refused(2)
    azure.at.people["id-namesake"] = "owner@example.org"
    two = "mlops.yaml: agency knows more than one as other@example.org: Owner (id-owner), Other (id-other). Remove"
    assert two in azure.refused(2)
    del azure.at.people["id-owner"], azure.at.people["id-other"]
    assert "agency knows nobody as other@example.org: add that person" in azure.refused(2)
    subprocess.run(["git", "remote", "set-url", "origin", "https://github.com/a/b"], cwd=azure.folder, check=True)
    assert "git knows no repository in Azure DevOps (https://github.com/a/b): add" in azure.refused(2)
    assert azure.writes == []
