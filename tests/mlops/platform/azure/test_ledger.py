"""The ledger in blob storage, held by exactly the roles that the organisation gives."""

import time
from collections.abc import Callable
from multiprocessing.pool import ThreadPool

import pytest
from azure.core.pipeline.transport import HttpTransport

from mlops.errors import Failure, Refused
from mlops.platform.azure import client
from mlops.platform.azure import ledger as module
from mlops.platform.azure.client import Azure
from mlops.platform.azure.ledger import AzureLedger
from mlops.platform.base import Entry
from tests.emulator.https.blobs import SUFFIX
from tests.emulator.https.cloud import Cloud
from tests.emulator.https.directory import Principal
from tests.emulator.world import CONTAINER
from tests.mlops.platform.azure.conftest import ACCOUNT
from tests.mlops.platform.azure.held import hold
from tests.mlops.platform.ledgers import LedgerContract

LEASES = f"{{account}}{SUFFIX}/{{rest}}?comp=lease"


@pytest.fixture(autouse=True)
def empty(cloud: Cloud) -> None:
    cloud.blobs.forget()


@pytest.fixture(scope="module")
def person(cloud: Cloud) -> Principal:
    """CI that watches a release."""
    made = cloud.directory.add("operate")
    hold(cloud.arm, made.id, "MLOps Ledger Controller", CONTAINER)
    return made


class TestAzureLedger(LedgerContract):
    @pytest.fixture
    def again(self, azure: Azure) -> Callable[[], AzureLedger]:
        return lambda: AzureLedger(azure)


def test_who_may_only_add_adds_also_beside_another_and_takes_no_lease(
    azure: Azure, cloud: Cloud, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = cloud.directory.add("a signer")
    hold(cloud.arm, signer.id, "MLOps Ledger Writer", CONTAINER)
    for name, value in cloud.environ(signer, tmp_path).items():
        monkeypatch.setenv(name, value)
    ledger = AzureLedger(azure)
    with ThreadPool(3) as pool:
        pool.starmap(ledger.append, [("dev", b"%d" % number) for number in range(6)])
    assert [entry.number for entry in ledger.read()] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(Failure, match="this login has no role for these files"), ledger.lease("dev"):
        pass


def test_an_entry_whose_answer_was_lost_is_not_written_twice(
    azure: Azure, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.blobs.write(ACCOUNT, "ledger", "dev/000001.json", b"signed")
    ledger = AzureLedger(azure)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_pages", lambda prefix="": iter(()))
        ledger.append("dev", b"signed")
    assert ledger.read() == (Entry("dev", 1, b"signed"),)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.01)


def test_a_lease_is_renewed_while_it_is_held(azure: Azure, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    before = len(cloud.journal)
    with AzureLedger(azure).lease("dev"):
        until(lambda: sum(call.route == LEASES for call in cloud.calls(before)) > 3)


def test_who_has_lost_the_lease_writes_nothing_more(
    azure: Azure, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azure.storage.blob import BlobLeaseClient

    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    ledger = AzureLedger(azure)
    with pytest.raises(Failure, match="the right to act on dev was lost, and another may act"), ledger.lease("dev"):
        blob = azure.container(azure.names.ledger_url).get_blob_client("leases/dev")
        BlobLeaseClient(blob).break_lease(0)
        until(lambda: not ledger._until)
        ledger.append("dev", b"a")
    assert AzureLedger(azure).read() == ()
    with ledger.lease("dev"):
        ledger.append("dev", b"b")
    assert ledger.read() == (Entry("dev", 1, b"b"),), "the next lease is one of its own"


def test_a_lease_that_is_not_let_go_hides_nothing_of_what_failed_in_it(azure: Azure, cloud: Cloud) -> None:
    from azure.storage.blob import BlobLeaseClient

    ledger, lost = AzureLedger(azure), "the right to act on dev was lost, and another may act"
    blob = azure.container(azure.names.ledger_url).get_blob_client("leases/dev")

    def taken() -> BlobLeaseClient:
        BlobLeaseClient(blob).break_lease(0)
        return blob.acquire_lease(60)

    with pytest.raises(Refused, match="it did not start") as said, ledger.lease("dev"):
        other = taken()
        raise Refused("it did not start.")
    assert lost in "".join(said.value.__notes__)
    other.release()
    with pytest.raises(Failure, match=lost), ledger.lease("dev"):
        other = taken()
    other.release()


def test_renewals_may_fail_for_a_moment_and_not_for_a_minute(
    azure: Azure, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    monkeypatch.setitem(client.BLOB_TRIES, "retry_total", 1)
    monkeypatch.setattr(HttpTransport, "sleep", lambda self, seconds: None)
    ledger, now = AzureLedger(azure), time.time()
    with ledger.lease("dev"):
        cloud.lose("PUT", LEASES)
        for _ in range(2):
            until(lambda: "Trying again" in capsys.readouterr().err)
        ledger.append("dev", b"a")
        with monkeypatch.context() as later:
            later.setattr(time, "time", lambda: now + 100)
            with pytest.raises(Failure, match="the right to act on dev was lost, and another may act"):
                ledger.append("dev", b"b")
        cloud.mend()
    assert ledger.read() == (Entry("dev", 1, b"a"),)
