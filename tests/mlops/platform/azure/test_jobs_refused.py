"""What is said when a job cannot be submitted, and what is left."""

import pytest
from azure.core.pipeline.transport import HttpTransport

from mlops.errors import Failure, Misuse
from mlops.platform.azure.client import Azure
from mlops.platform.azure.names import Names
from tests.emulator.https.routing import ANY
from tests.emulator.world import WORKSPACE
from tests.mlops.platform.azure.bytes import Bytes
from tests.mlops.platform.azure.seen import Seen
from tests.mlops.platform.azure.small import Small
from tests.mlops.platform.azure.small import quick as quick
from tests.mlops.platform.azure.small import small as small

JOB = "{W}/jobs/{name}"


def left(small: Small) -> dict[str, int]:
    """How many of each kind the workspace has, and blobs."""
    kinds = ("codes", "components", "environments", "jobs", "data")
    return {kind: len(small.documents(kind)) for kind in kinds} | {"blobs": len(Bytes(small.cloud).all())}


@pytest.mark.parametrize(("route", "after"), [(ANY, 3), (JOB, 0)])
def test_an_interrupted_submit_leaves_nothing_twice(small: Small, route: str, after: int) -> None:
    before = left(small)
    small.cloud.lose("PUT", route, after)
    with pytest.raises(Failure, match="connection to Azure was lost"):
        small.submit()
    small.cloud.mend()
    run = small.submit()
    made = {kind: count - before[kind] for kind, count in left(small).items()}
    assert made == {"codes": 1, "components": 2, "environments": 1, "jobs": 1, "data": 0, "blobs": made["blobs"]}
    assert small.ends(run)[0] == 0


@pytest.mark.parametrize("sent", [0, 2, 3])
def test_a_connection_lost_in_an_upload_is_said_and_the_submit_goes_on_after(
    small: Small, sent: int, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first two blobs are ours; the client sends a folder for each image, and one of code."""
    monkeypatch.setattr(HttpTransport, "sleep", lambda self, seconds: None)
    for name in ("more.py", "most.py"):
        small.write(f"src/{name}", "")
    Bytes(small.cloud).lose(after=sent)
    with seen.fails("a connection lost in an upload", "the connection to Azure was lost. Repeat the same command"):
        small.submit()
    small.cloud.mend()
    assert small.ends(small.submit())[0] == 0


def test_data_changed_under_a_known_version_is_refused_before_anything_is_sent(small: Small, seen: Seen) -> None:
    kept, since = Bytes(small.cloud), len(small.cloud.journal)
    (name,) = (name for name, content in kept.all("mlops/data/").items() if str(small.path).encode() in content)
    kept.write(name, b"changed")
    with seen.fails("data that somebody else changed", "rows.csv was written by somebody else"):
        small.submit()
    assert not [call for call in small.cloud.calls(since) if call.method == "PUT"]


def test_data_that_nobody_brought_is_said(small: Small) -> None:
    small.write("azureml/pipelines/train.yml", small.file.read_text().replace("azureml:rows", "azureml:columns"))
    with pytest.raises(Misuse, match="no data is named 'columns'"):
        small.submit()


def test_a_compute_that_is_not_there_is_said(small: Small, seen: Seen) -> None:
    small.write("azureml/pipelines/train.yml", small.file.read_text().replace("azureml:cpu", "azureml:gpu"))
    with seen.fails("a job for a compute that is not there", "dev has no compute 'gpu'. Correct `compute:`"):
        small.submit()


def test_a_quota_that_is_used_up_is_said(small: Small, seen: Seen) -> None:
    fault = {"type": "Microsoft.MachineLearningServices/workspaces/jobs", "verb": "put"}
    small.cloud.arm.faults.fail(1, "ClusterCoreQuotaReached", 409, **fault)
    with seen.fails("no quota for a job", "the quota is used up"):
        small.submit()


def test_somebody_without_the_role_is_told_which_action(
    small: Small, monkeypatch: pytest.MonkeyPatch, names: Names, seen: Seen
) -> None:
    reader = small.cloud.directory.add("a reader")
    for role in ("Reader", "Storage Blob Data Contributor"):
        small.cloud.arm.assign(reader.id, role, WORKSPACE.split("/providers")[0])
    for name, value in small.cloud.environ(reader, small.path).items():
        monkeypatch.setenv(name, value)
    other = Small(small.path, Azure(names, "dev"), small.cloud)
    with seen.fails("no role to submit", r"this login may not do Microsoft.MachineLearningServices/\S+ on dev"):
        other.submit()
    assert other.jobs.list()[1] == ()
